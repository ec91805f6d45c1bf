package configupdater

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes/typed/core/v1"

	"sigs.k8s.io/prow/pkg/github"
	"sigs.k8s.io/prow/pkg/plugins"
	"sigs.k8s.io/prow/pkg/plugins/updateconfig"

	"github.com/rehearsal-dev/rehearsal/pkg/affected"
)

// maxConfigMap limits the content of a ConfigMap, keys included, in bytes. An API server
// accepts little more.
const maxConfigMap = 900 << 10

// Feed implements affected.Feeder. It returns each ConfigMap as config-updater would
// create it from nothing after the merge.
func (ev *evidence) Feed(ctx context.Context, files affected.Reader, jobs []affected.Job) ([]affected.ConfigMapContent, error) {
	wanted := ev.wanted(jobs)
	if len(wanted) == 0 {
		return nil, nil
	}
	c := contents{Delta: ev.delta, files: files}
	var err error
	if c.updater, err = updaterOf(ctx, files, c.WatchedAfter[c.Layout.PluginConfig]); err != nil {
		return nil, err
	}
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	var out []affected.ConfigMapContent
	for _, w := range wanted {
		for _, id := range c.places(w.filled) {
			content := affected.ConfigMapContent{Cluster: id.Cluster, Namespace: id.Namespace, Name: id.Name, Jobs: w.jobs}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := c.fill(ctx, &content, c.keys(id, w.filled.files)); err != nil {
				return nil, err
			}
			out = append(out, content)
		}
	}
	return out, nil
}

// wantedConfigMap is a changed ConfigMap and the jobs that read it.
type wantedConfigMap struct {
	filled
	jobs []string
}

func (ev *evidence) wanted(jobs []affected.Job) []wantedConfigMap {
	var out []wantedConfigMap
	for _, c := range ev.filled {
		w := wantedConfigMap{filled: c}
		for _, j := range jobs {
			at, ok := ev.delta.After.Find(j.Ref)
			if ok && ev.delta.New.ReadsConfigMap(at.Entry(), c.cluster, c.name) {
				w.jobs = append(w.jobs, j.Key())
			}
		}
		if len(w.jobs) > 0 {
			slices.Sort(w.jobs)
			out = append(out, w)
		}
	}
	return out
}

// contents creates the ConfigMaps that changed files fill and jobs read.
type contents struct {
	*affected.Delta
	files   affected.Reader
	updater *updater
	fillers []filler
	// blobs are the blobs of all files that a pattern matches, by path.
	blobs map[string]string
}

// read finds the files of all patterns.
func (c *contents) read(ctx context.Context) error {
	c.fillers = c.updater.fillers()
	compared := 0
	var err error
	c.blobs, err = c.files.Merged(ctx, func(path string) bool {
		compared += len(c.fillers)
		return compared <= maxContentMatches && ctx.Err() == nil && slices.ContainsFunc(c.fillers, func(f filler) bool { return f.matches(path) })
	})
	if err == nil && compared > maxContentMatches {
		err = &affected.ExcessError{File: c.Layout.PluginConfig, Bound: fmt.Sprintf("the patterns are too many to compare with all files: more than %d comparisons", maxContentMatches)}
	}
	return err
}

// places returns the namespaces of a ConfigMap in its cluster: that of the pods or, if
// config-updater does not write it there, all to which it does.
func (c *contents) places(of filled) []plugins.ConfigMapID {
	namespaces := map[string]bool{}
	for _, f := range c.fillers {
		if !f.fills(of.name) {
			continue
		}
		for _, ns := range f.spec.Clusters[of.cluster] {
			if ns == "" {
				ns = c.New.Config.ProwJobNamespace
			}
			namespaces[ns] = true
		}
	}
	if pods := c.New.Config.PodNamespace; namespaces[pods] {
		namespaces = map[string]bool{pods: true}
	}
	var out []plugins.ConfigMapID
	for _, ns := range slices.Sorted(maps.Keys(namespaces)) {
		out = append(out, plugins.ConfigMapID{Name: of.name, Namespace: ns, Cluster: of.cluster})
	}
	return out
}

// keyed is a file and the key that it fills.
type keyed struct {
	updateconfig.ConfigMapUpdate
	blob string
}

// keys returns the files of a ConfigMap, sorted by key. If several files share a key, the
// changed one decides.
func (c *contents) keys(id plugins.ConfigMapID, changes []string) []keyed {
	touches := map[string]bool{}
	for _, path := range changes {
		touches[path] = true
	}
	var unchanged, touched []updateconfig.ConfigMapUpdate
	paths := slices.Sorted(maps.Keys(c.blobs))
	for _, f := range c.fillers {
		if !f.fills(id.Name) {
			continue
		}
		var same, other []github.PullRequestChange
		for _, path := range paths {
			if f.matches(path) && !touches[path] {
				same = append(same, changed(path, false))
			}
		}
		for _, path := range changes {
			if f.matches(path) {
				other = append(other, changed(path, c.blobs[path] == ""))
			}
		}
		unchanged = append(unchanged, c.updater.updates(f, same, c.New.Config.ProwJobNamespace, c.Repository, true)[id]...)
		touched = append(touched, c.updater.updates(f, other, c.New.Config.ProwJobNamespace, c.Repository, true)[id]...)
	}
	byKey := map[string]keyed{}
	for _, update := range append(unchanged, touched...) {
		byKey[update.Key] = keyed{update, c.blobs[update.Filename]}
	}
	maps.DeleteFunc(byKey, func(_ string, k keyed) bool { return k.Filename == "" })
	return slices.SortedFunc(maps.Values(byKey), func(a, b keyed) int { return strings.Compare(a.Key, b.Key) })
}

// fill fills a ConfigMap with config-updater's code, file by file.
func (c *contents) fill(ctx context.Context, content *affected.ConfigMapContent, keys []keyed) error {
	store := &storedConfigMap{}
	update := func(file fileContent, updates ...updateconfig.ConfigMapUpdate) error {
		err := updateconfig.Update(file, store, content.Name, content.Namespace, updates, false, nil, quiet, c.Head)
		if err == nil && store.size() > maxConfigMap {
			content.Problem = fmt.Sprintf("larger than %d KiB", maxConfigMap>>10)
		}
		return err
	}
	if err := update(nil); err != nil {
		return err
	}
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.blob
	}
	rest := keys
	err := c.files.Blobs(ctx, ids, func(_ string, file []byte) error {
		k := rest[0]
		rest = rest[1:]
		if len(file) > affected.MaxFile {
			content.Problem = fmt.Sprintf("%s is larger than %d MiB", k.Filename, affected.MaxFile>>20)
		}
		if content.Problem != "" {
			return nil
		}
		return update(file, k.ConfigMapUpdate)
	})
	if err == nil && content.Problem == "" {
		content.Data, content.BinaryData = store.cm.Data, store.cm.BinaryData
	}
	return err
}

// fileContent is the only file that config-updater can read.
type fileContent []byte

func (f fileContent) GetFile(string) ([]byte, error) { return f, nil }

// storedConfigMap is a fake API server with one ConfigMap.
type storedConfigMap struct {
	client.ConfigMapInterface
	cm *corev1.ConfigMap
}

func (s *storedConfigMap) Get(_ context.Context, name string, _ metav1.GetOptions) (*corev1.ConfigMap, error) {
	if s.cm == nil {
		return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), name)
	}
	return s.cm, nil
}

func (s *storedConfigMap) Create(_ context.Context, cm *corev1.ConfigMap, _ metav1.CreateOptions) (*corev1.ConfigMap, error) {
	s.cm = cm
	return cm, nil
}

func (s *storedConfigMap) Update(_ context.Context, cm *corev1.ConfigMap, _ metav1.UpdateOptions) (*corev1.ConfigMap, error) {
	s.cm = cm
	return cm, nil
}

// size returns how much of the API server's limit the content uses.
func (s *storedConfigMap) size() int {
	n := 0
	for k, v := range s.cm.Data {
		n += len(k) + len(v)
	}
	for k, v := range s.cm.BinaryData {
		n += len(k) + len(v)
	}
	return n
}
