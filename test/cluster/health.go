package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// answers checks that a plain HTTP URL returns 200.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		return get(ctx, &http.Client{Timeout: 3 * time.Second}, url)
	}
}

// apiAnswers checks the API server as the administrator.
func apiAnswers(l layout, path string) func(context.Context) error {
	return func(ctx context.Context) error {
		client, err := apiClient(l)
		if err != nil {
			return stopPolling{err}
		}
		defer client.CloseIdleConnections()
		return get(ctx, client, apiServerURL+path)
	}
}

// accepts checks that something listens.
func accepts(network, address string) func(context.Context) error {
	return func(ctx context.Context) error {
		connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
		if err != nil {
			return err
		}
		return connection.Close()
	}
}

// criAnswers checks that containerd serves the kubelet, because its socket accepts
// connections some time before. It requests the version, which in gRPC is an HTTP/2 POST of
// a length-prefixed message, here an empty one.
func criAnswers(socket string) func(context.Context) error {
	return func(ctx context.Context) error {
		transport := &http.Transport{
			Protocols: new(http.Protocols),
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", socket)
			},
		}
		transport.Protocols.SetUnencryptedHTTP2(true)
		defer transport.CloseIdleConnections()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost,
			"http://containerd/runtime.v1.RuntimeService/Version", bytes.NewReader(make([]byte, 5)))
		if err != nil {
			return stopPolling{err}
		}
		request.Header.Set("Content-Type", "application/grpc")
		request.Header.Set("TE", "trailers")
		response, err := (&http.Client{Transport: transport, Timeout: 3 * time.Second}).Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		// An error without a response has its status in the headers.
		if code := response.Trailer.Get("Grpc-Status") + response.Header.Get("Grpc-Status"); code != "0" {
			return fmt.Errorf("containerd answers with gRPC status %s: %s", code, response.Trailer.Get("Grpc-Message")+response.Header.Get("Grpc-Message"))
		}
		return nil
	}
}

func apiClient(l layout) (*http.Client, error) {
	authority, err := os.ReadFile(l.certificate("ca"))
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(l.certificate("admin"), l.key("admin"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}
	return &http.Client{Transport: transport, Timeout: 5 * time.Second}, nil
}

// get accepts a response with 200, and quotes any other in its error.
func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, response.Status, lastLines(string(body), 3))
	}
	return nil
}
