package prowjob

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/rehearsal-dev/rehearsal/pkg/terminal"
)

const (
	// maxLine bounds how much of a line is buffered, in bytes.
	maxLine = 64 << 10
	// lastReads is how often the log of an ended container is tried.
	lastReads = 5
)

// follower copies the log of one pod. It copies each line once, even if it is stopped and
// run again.
type follower struct {
	pods typedcorev1.PodInterface
	name string
	out  *lines
	// interval is the pause between two reads, and the first pause after a failure.
	interval time.Duration

	uid      types.UID
	reported map[string]bool
	streams  map[string]*stream
}

// run copies until the pod has ended or no longer exists.
func (f *follower) run(ctx context.Context) error {
	pod, err := f.started(ctx)
	if pod == nil || err != nil {
		return err
	}
	if f.uid != pod.UID {
		if f.uid != "" {
			f.out.say("the pod was replaced by another; its log starts anew")
		}
		f.uid, f.streams = pod.UID, map[string]*stream{}
	}
	containers := mainContainers(pod)
	var group sync.WaitGroup
	errs := make([]error, len(containers))
	for i, name := range containers {
		s := f.streams[name]
		if s == nil {
			s = &stream{container: name}
			if len(containers) > 1 {
				s.prefix = "[" + name + "] "
			}
			f.streams[name] = s
		}
		group.Go(func() { errs[i] = f.copy(ctx, s) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return f.helpers(ctx)
}

// started waits until the job's containers have started, and prints what they wait for.
// It returns nil if there is no pod.
func (f *follower) started(ctx context.Context) (*corev1.Pod, error) {
	again := backoff(f.interval)
	for {
		pod, err := f.pods.Get(ctx, f.name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil, nil
		case refused(err):
			return nil, fmt.Errorf("reading the pod %s: %w", f.name, err)
		case err == nil && (over(pod) || anyStarted(pod)):
			return pod, nil
		case err == nil:
			f.tell(waitingFor(pod))
		}
		if err := f.change(ctx, pod, err, &again); err != nil {
			return nil, err
		}
	}
}

// tell prints once why the pod waits: while an image cannot be pulled, the reason
// alternates between failing and backing off.
func (f *follower) tell(why string) {
	if why == "" || f.reported[why] {
		return
	}
	if f.reported == nil {
		f.reported = map[string]bool{}
	}
	f.reported[why] = true
	f.out.say("the pod is waiting: " + why)
}

func over(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func anyStarted(pod *corev1.Pod) bool {
	for _, s := range pod.Status.ContainerStatuses {
		if !decoration[s.Name] && (s.State.Running != nil || s.State.Terminated != nil) {
			return true
		}
	}
	return false
}

// copy copies the log of one container until the container has ended.
func (f *follower) copy(ctx context.Context, s *stream) error {
	again := backoff(f.interval)
	for !s.ended {
		pod, err := f.pods.Get(ctx, f.name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err), err == nil && pod.UID != f.uid:
			return nil
		case refused(err):
			return fmt.Errorf("reading the pod %s: %w", f.name, err)
		case err == nil:
			if err := f.copySome(ctx, s, pod); err != nil {
				return err
			}
		}
		if s.ended {
			break
		}
		if err := f.pause(ctx, s, pod, err, &again); err != nil {
			return err
		}
	}
	return nil
}

// copySome copies the log of a container so far. If the container runs, it continues
// until the connection ends. It returns only permanent errors.
func (f *follower) copySome(ctx context.Context, s *stream, pod *corev1.Pod) error {
	state := containerState(pod, s.container)
	if state.Running == nil && state.Terminated == nil {
		s.ended = over(pod)
		return nil
	}
	final := state.Terminated != nil
	err := f.read(ctx, s, final)
	s.failed = err != nil
	if refused(err) {
		return fmt.Errorf("reading the log of the pod %s: %w", f.name, err)
	}
	if !final {
		return nil
	}
	s.tries++
	s.ended = err == nil || s.tries == lastReads
	if err != nil && s.ended {
		f.out.say(fmt.Sprintf("the end of the log of container %s could not be read: %v", s.container, err))
	}
	return nil
}

func containerState(pod *corev1.Pod, name string) corev1.ContainerState {
	if pod != nil {
		for _, s := range pod.Status.ContainerStatuses {
			if s.Name == name {
				return s.State
			}
		}
	}
	return corev1.ContainerState{}
}

// read copies the log from the last known second on. It follows the log unless this is
// the final read.
func (f *follower) read(ctx context.Context, s *stream, final bool) error {
	options := &corev1.PodLogOptions{Container: s.container, Follow: !final, Timestamps: true}
	if !s.second.IsZero() {
		options.SinceTime = &metav1.Time{Time: s.second}
	}
	in, err := f.pods.GetLogs(f.name, options).Stream(ctx)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // errors of closing a reader do not matter
	return s.copy(in, f.out, final)
}

// helpers prints the logs of Prow's own containers if they failed.
func (f *follower) helpers(ctx context.Context) error {
	pod, err := f.pods.Get(ctx, f.name, metav1.GetOptions{})
	if err != nil || !over(pod) {
		return nil //nolint:nilerr // the job's own log is complete; these logs are optional
	}
	lines := int64(100)
	for _, name := range telling(pod) {
		if f.streams[name] != nil {
			continue
		}
		f.streams[name] = &stream{container: name, ended: true}
		log, err := readTail(f.pods.GetLogs(f.name, &corev1.PodLogOptions{Container: name, TailLines: &lines}).Stream(ctx))
		if err != nil {
			continue
		}
		f.out.say("container " + name + " failed:")
		for line := range strings.Lines(log) {
			f.out.line("["+name+"] ", strings.TrimRight(line, "\n"))
		}
	}
	return nil
}

// stream is the position in the log of one container. Lines are identified by their
// position: SinceTime has a resolution of one second, and lines within a second keep the
// order of the file.
type stream struct {
	container string
	prefix    string
	ended     bool
	// failed says that the last read failed.
	failed bool
	// tries counts the reads since the container has ended.
	tries int
	// second is the second of the latest copied line, copied the number of lines copied
	// from that second on, and last the time of the latest line.
	second time.Time
	copied int
	last   time.Time
}

// copy copies the new lines. A line that is cut off at the end of the stream is read
// again next time, unless this is the final read.
func (s *stream) copy(in io.Reader, out *lines, final bool) error {
	skip, until := s.copied, s.last
	reader := bufio.NewReaderSize(in, maxLine)
	inside := false
	for {
		chunk, err := reader.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !full && err != io.EOF {
			return err
		}
		if err == io.EOF && (len(chunk) == 0 || !final && !inside) {
			return nil
		}
		body := strings.TrimRight(string(chunk), "\n")
		if inside {
			out.line(s.prefix, body)
		} else if at, rest := splitTime(body); skip > 0 && !at.After(until) {
			skip--
		} else {
			s.passed(at)
			out.line(s.prefix, rest)
		}
		inside = full
		if err == io.EOF {
			return nil
		}
	}
}

func (s *stream) passed(at time.Time) {
	second := at.Truncate(time.Second)
	if second.After(s.second) {
		s.second, s.copied = second, 0
	}
	if !at.Before(s.second) {
		s.copied++
	}
	if at.After(s.last) {
		s.last = at
	}
}

// splitTime splits a line into the kubelet's timestamp and the text.
func splitTime(line string) (time.Time, string) {
	stamp, rest, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return time.Time{}, line
	}
	return at, rest
}

// lines writes whole lines for concurrent writers.
type lines struct {
	mutex sync.Mutex
	to    io.Writer
	count int
}

// line writes a line of the job.
func (l *lines) line(label, body string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.count++
	_ = terminal.Pass(l.to, label, body)
}

// say writes a line of our own.
func (l *lines) say(sentence string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	_ = terminal.Say(l.to, sentence)
}

// passed returns the number of the job's lines so far.
func (l *lines) passed() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.count
}
