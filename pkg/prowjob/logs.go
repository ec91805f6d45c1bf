package prowjob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	prowapi "sigs.k8s.io/prow/pkg/apis/prowjobs/v1"
)

const (
	// maxTail bounds how much of a log is kept, in bytes, maxTailLines how many lines are
	// requested, and maxRead how many bytes are read to reach the end.
	maxTail      = 512 << 10
	maxTailLines = 5000
	maxRead      = 64 << 20
	readTimeout  = 30 * time.Second
)

// Logs reads the logs of ProwJobs: from the pod if its cluster is known, else from Deck.
type Logs struct {
	Clusters Clusters
	// Namespace is the namespace of the pods.
	Namespace string
	// HTTP reads from Deck; nil turns that off.
	HTTP *http.Client
	// Secrets returns the values that no excerpt may show; nil means that none are known.
	Secrets func() []string
}

// NewLogs returns Logs that read from the pods in a namespace and from Deck, without
// secrets.
func NewLogs(clusters Clusters, namespace string, secrets func() []string) *Logs {
	return &Logs{Clusters: clusters, Namespace: namespace, HTTP: &http.Client{Timeout: readTimeout}, Secrets: secrets}
}

var errNoCluster = errors.New("no kubeconfig for this cluster")

// cluster returns the client for the cluster of the ProwJob's pod.
func (l *Logs) cluster(pj *prowapi.ProwJob) (kubernetes.Interface, error) {
	client, ok := l.Clusters[pj.ClusterAlias()]
	if !ok {
		return nil, fmt.Errorf("cluster %s: %w", pj.ClusterAlias(), errNoCluster)
	}
	return client, nil
}

// Tail returns the end of the job's log, at most maxTail bytes.
func (l *Logs) Tail(ctx context.Context, pj *prowapi.ProwJob) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	log, podErr := l.podTail(ctx, pj)
	if podErr == nil && strings.TrimSpace(log) != "" {
		return log, nil
	}
	deckLog, deckErr := l.deckTail(ctx, pj)
	if deckErr == nil {
		return deckLog, nil
	}
	if podErr == nil {
		return log, nil
	}
	return "", fmt.Errorf("reading the log of %s: %w", pj.Name, errors.Join(podErr, deckErr))
}

func (l *Logs) podTail(ctx context.Context, pj *prowapi.ProwJob) (string, error) {
	client, err := l.cluster(pj)
	if err != nil {
		return "", err
	}
	pod, err := client.CoreV1().Pods(l.Namespace).Get(ctx, pj.Name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	lines := int64(maxTailLines)
	var parts []string
	var errs []error
	for _, container := range telling(pod) {
		log, err := readTail(client.CoreV1().Pods(l.Namespace).GetLogs(pj.Name, &corev1.PodLogOptions{Container: container, TailLines: &lines}).Stream(ctx))
		if err != nil {
			errs = append(errs, fmt.Errorf("container %s: %w", container, err))
			continue
		}
		parts = append(parts, log)
	}
	if len(parts) == 0 && len(errs) > 0 {
		return "", errors.Join(errs...)
	}
	return strings.Join(parts, "\n"), nil
}

// deckTail reads the log from Deck. The ProwJob's URL begins with Deck's address.
func (l *Logs) deckTail(ctx context.Context, pj *prowapi.ProwJob) (string, error) {
	address, err := deckLog(pj)
	if err != nil {
		return "", err
	}
	if l.HTTP == nil {
		return "", errors.New("reading from Deck is turned off")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	response, err := l.HTTP.Do(request)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return "", fmt.Errorf("deck answered %s", response.Status)
	}
	return readTail(response.Body, nil)
}

// deckLog returns the URL of a job's raw log in Deck (cmd/deck, /log).
func deckLog(pj *prowapi.ProwJob) (string, error) {
	u, err := url.Parse(pj.Status.URL)
	if err != nil || u.Host == "" || pj.Status.BuildID == "" {
		return "", errors.New("the ProwJob does not say where Deck is")
	}
	at := strings.Index(u.Path, "/view/")
	if at < 0 {
		return "", errors.New("the ProwJob's URL is not one of Deck's")
	}
	query := url.Values{"job": {pj.Spec.Job}, "id": {pj.Status.BuildID}}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path[:at] + "/log", RawQuery: query.Encode()}).String(), nil
}

// Obstacle says why the pod of a ProwJob did not run, from the last warning event about
// it; empty if there is none. The pod itself no longer exists then.
func (l *Logs) Obstacle(ctx context.Context, pj *prowapi.ProwJob) string {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	client, err := l.cluster(pj)
	if err != nil {
		return ""
	}
	events, err := client.CoreV1().Events(l.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.Set{"involvedObject.kind": "Pod", "involvedObject.name": pj.Name}.String(),
	})
	if err != nil {
		return ""
	}
	var last *corev1.Event
	for i := range events.Items {
		e := &events.Items[i]
		if e.Type == corev1.EventTypeWarning && e.InvolvedObject.Name == pj.Name && (last == nil || !eventTime(e).Before(eventTime(last))) {
			last = e
		}
	}
	if last == nil {
		return ""
	}
	return last.Reason + ": " + last.Message
}

func eventTime(e *corev1.Event) time.Time {
	for _, t := range []time.Time{e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time} {
		if !t.IsZero() {
			return t
		}
	}
	return e.CreationTimestamp.Time
}

// readTail reads a stream to its end and keeps the last maxTail bytes.
func readTail(stream io.ReadCloser, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer stream.Close() //nolint:errcheck // errors of closing a reader do not matter
	var kept []byte
	chunk := make([]byte, 32<<10)
	in := io.LimitReader(stream, maxRead)
	for {
		n, err := in.Read(chunk)
		if kept = append(kept, chunk[:n]...); len(kept) > 2*maxTail {
			kept = append(kept[:0], kept[len(kept)-maxTail:]...)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
	}
	if len(kept) > maxTail {
		kept = kept[len(kept)-maxTail:]
	}
	return string(kept), nil
}

// refused reports whether the error is permanent, because access is refused.
func refused(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err)
}
