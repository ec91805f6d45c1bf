//go:build integration

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/rehearsal-dev/rehearsal/pkg/admission"
	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

// TestWebhook runs the controller on a real API server with the rights from config/, and
// calls its webhook like the API server.
func TestWebhook(t *testing.T) {
	server := logbooktest.Start(t)
	admin := server.Kubeconfig(t)
	kube := kubernetes.NewForConfigOrDie(server.Config())
	applyCRDs(t, admin)
	for _, namespace := range []string{"prow", "test-pods"} {
		kubectl(t, admin, "create", "namespace", namespace)
	}
	server.Install(t, "100-namespace.yaml", "200-serviceaccounts.yaml", "201-roles.yaml", "202-roles-prowjobs.yaml", "203-roles-pods.yaml",
		"205-roles-webhook.yaml", "212-admission-webhook.yaml", "230-secrets.yaml", "400-config-rehearsal.yaml", "401-config-leader-election.yaml")
	kubectl(t, admin, "-n", "rehearsals", "create", "secret", "generic", "rehearsal-github", "--from-literal=token=x")
	port := freePort(t)
	c, _ := start(t, buildController(t), asController(t, admin), "--webhook-port", port)
	defer stop(t, c)

	var authority []byte
	eventually(t, "an authority in the configuration of the webhook", func() bool {
		found, err := kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), admission.Configuration, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		authority = found.Webhooks[0].ClientConfig.CABundle
		return len(authority) > 0
	})
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		t.Fatalf("it is no certificate: %s", authority)
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: admission.Service + ".rehearsals.svc", MinVersion: tls.VersionTLS13},
	}}
	defer client.CloseIdleConnections()
	const labels = `"labels":{"rehearsal.dev/rehearsal":"acme-config-7","rehearsal.dev/rehearsal-uid":"u","rehearsal.dev/run":"r"}`
	for object, want := range map[string]string{
		`{"metadata":{"name":"job-1"}}`:                "has no label rehearsal.dev/rehearsal",
		`{"metadata":{"name":"job-1",` + labels + `}}`: "no active run",
	} {
		if got := ask(t, client, "https://127.0.0.1:"+port+"/prowjobs", object); got.Allowed || !strings.Contains(got.Result.Message, want) {
			t.Errorf("about %s the controller says %+v, want %q", object, got, want)
		}
	}
}

// asController returns a kubeconfig with only the rights of the controller.
func asController(t *testing.T, admin string) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(admin)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		user.Impersonate = "system:serviceaccount:rehearsals:rehearsal-controller"
		user.ImpersonateGroups = []string{"system:serviceaccounts", "system:serviceaccounts:rehearsals", "system:authenticated"}
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func ask(t *testing.T, client *http.Client, url, object string) *admissionv1.AdmissionResponse {
	t.Helper()
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "1", Operation: admissionv1.Create, Object: runtime.RawExtension{Raw: []byte(object)},
			Resource: metav1.GroupVersionResource{Group: "prow.k8s.io", Version: "v1", Resource: "prowjobs"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // errors of closing a reader do not matter
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(response.Body).Decode(&review); err != nil || review.Response == nil {
		t.Fatalf("%s: %v", response.Status, err)
	}
	return review.Response
}
