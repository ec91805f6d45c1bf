// Command receiver is the webhook endpoint.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rehearsal-dev/rehearsal/pkg/client/clientset/versioned"
	"github.com/rehearsal-dev/rehearsal/pkg/receiver"
)

// shutdownTimeout is how long running deliveries may take at shutdown. It is more than
// the timeout of one delivery.
const shutdownTimeout = 15 * time.Second

// memoryLimit is the soft limit of the garbage collector, in bytes. Without it, garbage
// of consecutive payloads of 25 MiB would add up. It is the worst case for bodies and
// connections. GOMEMLIMIT overrides it.
const memoryLimit = 128 << 20

type flags struct {
	listen, probes, secret, settings, observability, namespace, kubeconfig, proxies string
}

func main() {
	var f flags
	flag.StringVar(&f.listen, "listen", ":8888", "address for webhooks and for Prow's requests for help")
	flag.StringVar(&f.probes, "probes", ":8081", "address for /healthz, /readyz and /metrics")
	flag.StringVar(&f.secret, "hmac-secret-file", "/etc/webhook/hmac", "file with the webhook secret, bare or in Prow's format")
	flag.StringVar(&f.settings, "settings", "/etc/rehearsal", "directory where the ConfigMap config-rehearsal is mounted")
	flag.StringVar(&f.observability, "observability", "/etc/observability", "directory where the ConfigMap config-observability is mounted; it may be missing")
	flag.StringVar(&f.namespace, "namespace", os.Getenv("SYSTEM_NAMESPACE"), "namespace of the Rehearsals; SYSTEM_NAMESPACE by default")
	flag.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file; empty inside a cluster")
	flag.StringVar(&f.proxies, "trusted-proxies", "", "addresses and networks of proxies whose X-Forwarded-For is trusted, separated by commas; none by default")
	flag.Parse()

	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f, log); err != nil {
		log.Error("receiver stopped", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags, log *slog.Logger) error {
	if f.namespace == "" {
		return errors.New("no namespace: set --namespace or SYSTEM_NAMESPACE")
	}
	keys, err := receiver.KeysFile(f.secret, log)
	if err != nil {
		return err
	}
	settings, err := receiver.SettingsDir(f.settings, log)
	if err != nil {
		return err
	}
	proxies, err := receiver.ParseProxies(f.proxies)
	if err != nil {
		return fmt.Errorf("--trusted-proxies: %w", err)
	}
	flush, err := trace(ctx, f.observability)
	if err != nil {
		return err
	}
	defer func() { flush(log) }()
	client, err := newClient(f.kubeconfig)
	if err != nil {
		return err
	}
	endpoint := receiver.New(receiver.Options{
		Rehearsals: client.RehearsalV1alpha1().Rehearsals(f.namespace),
		Keys:       keys.Get,
		Settings:   settings.Get,
		Log:        log,
		Proxies:    proxies,
	})
	metrics, err := receiver.Metrics(settings)
	if err != nil {
		return err
	}
	probes := &receiver.Probes{Metrics: metrics}
	log.Info("receiver started", "listen", f.listen, "probes", f.probes, "namespace", f.namespace)
	return serve(ctx, probes,
		receiver.NewServer(f.listen, endpoint.Handler()),
		receiver.NewServer(f.probes, probes.Handler()))
}

func newClient(kubeconfig string) (versioned.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("configuring the client: %w", err)
	}
	rest.AddUserAgent(config, "rehearsal-receiver")
	// Deliveries come in bursts. The API server's own fairness orders them, and each has a
	// deadline. Queueing them here as well would only waste time.
	config.QPS = -1
	return versioned.NewForConfig(config)
}

// serve runs the servers until the context ends or one of them fails, and then waits for
// running requests.
func serve(ctx context.Context, probes *receiver.Probes, servers ...*http.Server) error {
	failed := make(chan error, len(servers))
	for _, s := range servers {
		listener, err := net.Listen("tcp", s.Addr)
		if err != nil {
			return err
		}
		defer s.Close() //nolint:errcheck // closes connections that Shutdown below has not
		go func() { failed <- s.Serve(listener) }()
	}
	probes.SetReady(true)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	probes.SetReady(false)
	ending, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	for _, s := range servers {
		err = errors.Join(err, s.Shutdown(ending))
	}
	return err
}
