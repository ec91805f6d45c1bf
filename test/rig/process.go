package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Kill ends the processes of a deployment's containers with SIGKILL, as a machine out of
// memory would. The kubelet restarts the containers. It returns the number of ended
// processes.
func (c *Cluster) Kill(ctx context.Context, deployment string) (int, error) {
	pods, err := c.pods(ctx, deployment)
	if err != nil {
		return 0, err
	}
	killed := 0
	for i := range pods {
		pids, err := podProcesses(string(pods[i].UID), programs[deployment])
		if err != nil {
			return killed, err
		}
		for _, pid := range pids {
			err := syscall.Kill(pid, syscall.SIGKILL)
			if errors.Is(err, syscall.ESRCH) {
				continue // a child that had not yet executed another program when it was listed, or one that has just ended
			}
			if err != nil {
				return killed, fmt.Errorf("kill process %d of %s: %w", pid, pods[i].Name, err)
			}
			killed++
		}
	}
	return killed, nil
}

// pods returns the pods of a deployment, in any state.
func (c *Cluster) pods(ctx context.Context, deployment string) ([]corev1.Pod, error) {
	d, err := c.Kube.AppsV1().Deployments(Namespace).Get(ctx, deployment, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	list, err := c.Kube.CoreV1().Pods(Namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector)})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// podProcesses lists the processes of a pod that run the program. Containers share the
// kernel with this process, and their cgroups contain the pod's uid.
func podProcesses(uid, program string) ([]int, error) {
	entries, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, entry := range entries {
		dir := filepath.Dir(entry)
		cgroup, err := os.ReadFile(entry)
		if err != nil || !strings.Contains(strings.ReplaceAll(string(cgroup), "_", "-"), uid) {
			continue // it has ended, or belongs to another pod
		}
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil || filepath.Base(exe) != program {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}
