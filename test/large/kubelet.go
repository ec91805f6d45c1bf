package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"

	"github.com/rehearsal-dev/rehearsal/test/rig"
)

const nodeName = "large"

// kubelet simulates a node without containers: it reports pods as running, does the work of
// a run's tasks, and ends the pods of jobs when it is told to.
type kubelet struct {
	kube  kubernetes.Interface
	tasks *tasks
	logs  *httptest.Server
	// release ends the pods of jobs, spread over a duration.
	release chan struct{}
	spread  time.Duration

	mu   sync.Mutex
	pods map[types.UID]*running
	work sync.WaitGroup
}

// running is a pod that is being handled.
type running struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func startKubelet(ctx context.Context, kube kubernetes.Interface, t *tasks, spread time.Duration) (*kubelet, error) {
	k := &kubelet{kube: kube, tasks: t, release: make(chan struct{}), spread: spread, pods: map[types.UID]*running{}}
	k.logs = httptest.NewTLSServer(http.HandlerFunc(k.serveLog))
	if err := k.register(ctx); err != nil {
		return nil, err
	}
	for _, namespace := range []string{rig.Namespace, rig.PodNamespace} {
		factory := informers.NewSharedInformerFactoryWithOptions(kube, 0, informers.WithNamespace(namespace))
		_, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { k.see(ctx, o.(*corev1.Pod)) },
			UpdateFunc: func(_, o any) { k.see(ctx, o.(*corev1.Pod)) },
		})
		if err != nil {
			return nil, err
		}
		factory.Start(ctx.Done())
	}
	return k, nil
}

// register creates a node whose logs are served by us.
func (k *kubelet) register(ctx context.Context) error {
	_, port, err := net.SplitHostPort(k.logs.Listener.Addr().String())
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(port, 10, 32)
	if err != nil {
		return err
	}
	node, err := k.kube.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	node.Status = corev1.NodeStatus{
		Addresses:       []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: int32(number)}},
		Conditions:      []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
	}
	_, err = k.kube.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
	return err
}

// see starts to handle a pod, or ends it.
func (k *kubelet) see(ctx context.Context, pod *corev1.Pod) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.pods[pod.UID]
	switch {
	case pod.DeletionTimestamp != nil:
		if r != nil {
			r.cancel()
		}
		k.work.Go(func() { k.remove(ctx, pod) })
	case r == nil && pod.Status.Phase == corev1.PodPending:
		live, cancel := context.WithCancel(ctx)
		r = &running{cancel: cancel, done: make(chan struct{})}
		k.pods[pod.UID] = r
		k.work.Go(func() {
			defer cancel()
			if err := k.run(live, pod, r); err != nil && live.Err() == nil {
				_, _ = fmt.Fprintf(logFile, "pod %s/%s: %v\n", pod.Namespace, pod.Name, err)
			}
		})
	}
}

func (k *kubelet) remove(ctx context.Context, pod *corev1.Pod) {
	_ = k.kube.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: ptr.To[int64](0), Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
	}) // it may be gone
}

func (k *kubelet) run(ctx context.Context, pod *corev1.Pod, r *running) error {
	if pod.Spec.NodeName == "" {
		err := k.kube.CoreV1().Pods(pod.Namespace).Bind(ctx, &corev1.Binding{
			ObjectMeta: metav1.ObjectMeta{Name: pod.Name, UID: pod.UID}, Target: corev1.ObjectReference{Kind: "Node", Name: nodeName},
		}, metav1.CreateOptions{})
		if err != nil {
			return err
		}
	}
	started := metav1.Now()
	if err := k.say(ctx, pod, corev1.PodRunning, corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}}); err != nil {
		return err
	}
	good := k.attend(ctx, pod)
	close(r.done)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	phase, code := corev1.PodSucceeded, int32(0)
	if !good {
		phase, code = corev1.PodFailed, 1
	}
	return k.say(ctx, pod, phase, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: code, StartedAt: started, FinishedAt: metav1.Now(), Reason: map[bool]string{true: "Completed", false: "Error"}[good],
	}})
}

// attend returns when the pod's containers have ended, and whether they succeeded.
func (k *kubelet) attend(ctx context.Context, pod *corev1.Pod) bool {
	if pod.Namespace == rig.Namespace {
		return k.tasks.run(ctx, pod)
	}
	select {
	case <-ctx.Done():
		return false
	case <-k.release:
	}
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(k.spread)): //nolint:gosec // nothing secret
	}
	return ctx.Err() == nil && rand.N(10) > 0 //nolint:gosec // nothing secret
}

// say writes the status of a pod, like a kubelet.
func (k *kubelet) say(ctx context.Context, pod *corev1.Pod, phase corev1.PodPhase, state corev1.ContainerState) error {
	ready := corev1.ConditionFalse
	if phase == corev1.PodRunning {
		ready = corev1.ConditionTrue
	}
	status := corev1.PodStatus{Phase: phase, StartTime: &pod.CreationTimestamp, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: ready},
	}}
	for _, c := range pod.Spec.InitContainers {
		status.InitContainerStatuses = append(status.InitContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true,
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed"}},
		})
	}
	for _, c := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image, State: state, Ready: phase == corev1.PodRunning, Started: ptr.To(phase == corev1.PodRunning),
		})
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": status})
	if err != nil {
		return err
	}
	_, err = k.kube.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}

// serveLog serves the log of a container to the API server; with follow, until the
// container ends.
func (k *kubelet) serveLog(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // containerLogs/NAMESPACE/POD/CONTAINER
	if len(parts) != 4 || parts[0] != "containerLogs" {
		http.NotFound(w, r)
		return
	}
	_, _ = fmt.Fprintf(w, "%s begins\n", parts[2])
	if r.URL.Query().Get("follow") == "true" {
		_ = http.NewResponseController(w).Flush()
		pod, err := k.kube.CoreV1().Pods(parts[1]).Get(r.Context(), parts[2], metav1.GetOptions{})
		if err != nil {
			return
		}
		k.mu.Lock()
		run := k.pods[pod.UID]
		k.mu.Unlock()
		if run == nil {
			return
		}
		select {
		case <-run.done:
		case <-r.Context().Done():
		}
	}
	_, _ = fmt.Fprintf(w, "%s ends\n", parts[2])
}
