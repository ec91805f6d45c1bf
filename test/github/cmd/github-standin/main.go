// Command github-standin serves the GitHub stand-in to other processes: the demo, the
// end-to-end tests and a browser. It keeps everything in memory and trusts all clients, so
// it belongs on loopback or on an address of a test cluster.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rehearsal-dev/rehearsal/test/github"
)

type flags struct {
	listen string
	url    string
	ready  string
	dir    string
	tokens map[string]string
	limits bool
	quiet  bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "github-standin:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:           "github-standin",
		Short:         "Serve an in-memory stand-in for GitHub until a signal comes",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8980", "address to listen on")
	cmd.Flags().StringVar(&f.url, "url", "", "address others reach it at, http://host:port (default: that of the listener)")
	cmd.Flags().StringVar(&f.ready, "ready-file", "", "file that gets the URL once it serves")
	cmd.Flags().StringVar(&f.dir, "dir", "", "existing directory for the repositories (default: the system's for temporary files)")
	cmd.Flags().StringToStringVar(&f.tokens, "token", nil, "token=login: lets the bearer of a token act as a user; repeatable")
	cmd.Flags().BoolVar(&f.limits, "content-limits", false, "enforce GitHub's secondary limits on writes")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "log no calls")
	return cmd
}

func run(ctx context.Context, f flags) error {
	opts := []github.Option{github.WithDir(f.dir)}
	if f.url != "" {
		opts = append(opts, github.WithBaseURL(f.url))
	}
	for token, login := range f.tokens {
		opts = append(opts, github.WithToken(token, login))
	}
	if f.limits {
		opts = append(opts, github.WithContentLimits())
	}
	if !f.quiet {
		opts = append(opts, github.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, nil))))
	}
	srv, err := github.Start(f.listen, opts...)
	if err != nil {
		return err
	}
	fmt.Println("GitHub stand-in at", srv.URL())
	if err := announce(f.ready, srv.URL()); err != nil {
		return closing(srv, err)
	}
	<-ctx.Done()
	return closing(srv, nil)
}

// announce writes the file atomically, because readers that wait for it read it at once.
func announce(path, url string) error {
	if path == "" {
		return nil
	}
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, []byte(strings.TrimSpace(url)+"\n"), 0o644); err != nil {
		return fmt.Errorf("announce the URL: %w", err)
	}
	return os.Rename(temporary, path)
}

func closing(srv *github.Server, err error) error {
	if cerr := srv.Close(); err == nil {
		err = cerr
	}
	return err
}
