package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
)

// kubectl runs kubectl as the administrator.
func kubectl(ctx context.Context, l layout, arguments ...string) (string, error) {
	return kubectlStdin(ctx, l, "", arguments...)
}

func kubectlStdin(ctx context.Context, l layout, stdin string, arguments ...string) (string, error) {
	program, err := l.program("kubectl")
	if err != nil {
		return "", err
	}
	return runIn(ctx, "", []string{"KUBECONFIG=" + l.kubeconfig()}, stdin, program, arguments...)
}

// apply creates or updates the objects of a manifest. It does nothing if exactly this
// manifest was applied before, which is recorded in the state.
func apply(ctx context.Context, l layout, name, manifest string) error {
	sum := sha256.Sum256([]byte(manifest))
	digest := hex.EncodeToString(sum[:])
	mark := l.run(name + ".applied")
	if held, err := os.ReadFile(mark); err == nil && string(held) == digest {
		return nil
	}
	// Server-side, because the CRDs are too long for the annotation of a plain apply.
	_, err := kubectlStdin(ctx, l, manifest, "apply", "--server-side", "--force-conflicts", "-f", "-")
	if err != nil {
		return err
	}
	return write(mark, digest)
}

// rollout waits until deployments have their pods.
func rollout(ctx context.Context, l layout, namespace string, deployments []string) error {
	for _, deployment := range deployments {
		if _, err := kubectl(ctx, l, "-n", namespace, "rollout", "status", "deployment/"+deployment, "--timeout=3m"); err != nil {
			return err
		}
	}
	return nil
}
