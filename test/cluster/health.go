package main

import (
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

// answers checks that a plain HTTP address says 200.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := get(ctx, &http.Client{Timeout: 3 * time.Second}, url)
		return err
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
		_, err = get(ctx, client, apiServerURL+path)
		return err
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

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return body, fmt.Errorf("%s: %s: %s", url, response.Status, lastLines(string(body), 3))
	}
	return body, nil
}
