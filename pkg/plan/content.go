package plan

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
	"github.com/rehearsal-dev/rehearsal/pkg/repo"
)

// maxConfigMap bounds the content of a ConfigMap, keys included, in bytes: an
// API server takes little more.
const maxConfigMap = 900 << 10

// ConfigMapContent is a ConfigMap as config-updater would leave it after the
// merge, had it filled it from nothing.
type ConfigMapContent struct {
	// Cluster is the alias of a build cluster, "default" where Prow runs.
	Cluster   string
	Namespace string
	Name      string
	// Data and BinaryData are its whole content, files that the pull request
	// leaves alone included.
	Data       map[string]string
	BinaryData map[string][]byte
	// Jobs are the keys of those among the given jobs that read it.
	Jobs []string
	// Problem is why there is no content, or "".
	Problem string
}

// contents makes the ConfigMaps that changed files fill and jobs read.
type contents struct {
	*work
	delta *affected.Delta
	// plugins is the blob of the plugin configuration, tree the merged tree,
	// head the commit that the content is said to be of.
	plugins, tree, head string
}

func (c contents) of(ctx context.Context, jobs []affected.Job) ([]ConfigMapContent, error) {
	wanted := c.wanted(jobs)
	if len(wanted) == 0 {
		return nil, nil
	}
	u, err := c.updater(ctx, c.plugins)
	if err != nil {
		return nil, err
	}
	all, err := c.objects.List(ctx, c.tree)
	if err != nil {
		return nil, err
	}
	fillers := u.fillers()
	if len(fillers)*len(all) > maxContentMatches {
		return nil, &RefusedError{File: c.layout.PluginConfig, Reason: fmt.Sprintf("the patterns are too many to compare with all files: more than %d comparisons", maxContentMatches)}
	}
	files, err := follow(ctx, c.objects, all, func(path string) bool {
		return ctx.Err() == nil && slices.ContainsFunc(fillers, func(f filler) bool { return f.matches(path) })
	})
	if err != nil {
		return nil, err
	}
	var out []ConfigMapContent
	for _, w := range wanted {
		for _, id := range c.places(fillers, w.FilledConfigMap) {
			content := ConfigMapContent{Cluster: id.Cluster, Namespace: id.Namespace, Name: id.Name, Jobs: w.jobs}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := c.fill(ctx, &content, c.keys(u, id, files, w.Files)); err != nil {
				return nil, err
			}
			out = append(out, content)
		}
	}
	return out, nil
}

// wantedConfigMap is a changed ConfigMap and the jobs that read it.
type wantedConfigMap struct {
	affected.FilledConfigMap
	jobs []string
}

func (c contents) wanted(jobs []affected.Job) []wantedConfigMap {
	var out []wantedConfigMap
	for _, filled := range c.delta.ConfigMaps {
		w := wantedConfigMap{FilledConfigMap: filled}
		for _, j := range jobs {
			at, ok := c.delta.After.Find(j.Ref)
			if ok && c.delta.New.ReadsConfigMap(at.Entry(), filled) {
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

// places lists where a ConfigMap is in its cluster: the namespace of the pods,
// or, when config-updater does not put it there, all that it is put into.
func (c contents) places(fillers []filler, filled affected.FilledConfigMap) []plugins.ConfigMapID {
	namespaces := map[string]bool{}
	for _, f := range fillers {
		if !f.fills(filled.Name) {
			continue
		}
		for _, ns := range f.spec.Clusters[filled.Cluster] {
			if ns == "" {
				ns = c.delta.New.Config.ProwJobNamespace
			}
			namespaces[ns] = true
		}
	}
	if pods := c.delta.New.Config.PodNamespace; namespaces[pods] {
		namespaces = map[string]bool{pods: true}
	}
	var out []plugins.ConfigMapID
	for _, ns := range slices.Sorted(maps.Keys(namespaces)) {
		out = append(out, plugins.ConfigMapID{Name: filled.Name, Namespace: ns, Cluster: filled.Cluster})
	}
	return out
}

// keyed is a file and the key it fills.
type keyed struct {
	updateconfig.ConfigMapUpdate
	blob string
}

// keys lists what fills a ConfigMap, sorted by key. Where several files share a
// key, the change has the last word.
func (c contents) keys(u *updater, id plugins.ConfigMapID, files []repo.Entry, changes []string) []keyed {
	blobs := map[string]string{}
	for _, e := range files {
		if e.Mode != repo.ModeSubmodule {
			blobs[e.Path] = e.Blob
		}
	}
	touches := map[string]bool{}
	for _, path := range changes {
		touches[path] = true
	}
	var unchanged, touched []updateconfig.ConfigMapUpdate
	paths := slices.Sorted(maps.Keys(blobs))
	for _, f := range u.fillers() {
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
				other = append(other, changed(path, blobs[path] == ""))
			}
		}
		unchanged = append(unchanged, u.updates(f, same, c.delta.New.Config.ProwJobNamespace, c.repository, true)[id]...)
		touched = append(touched, u.updates(f, other, c.delta.New.Config.ProwJobNamespace, c.repository, true)[id]...)
	}
	byKey := map[string]keyed{}
	for _, update := range append(unchanged, touched...) {
		byKey[update.Key] = keyed{update, blobs[update.Filename]}
	}
	maps.DeleteFunc(byKey, func(_ string, k keyed) bool { return k.Filename == "" })
	return slices.SortedFunc(maps.Values(byKey), func(a, b keyed) int { return strings.Compare(a.Key, b.Key) })
}

// fill has config-updater fill a ConfigMap, file by file.
func (c contents) fill(ctx context.Context, content *ConfigMapContent, keys []keyed) error {
	store := &storedConfigMap{}
	update := func(file fileContent, updates ...updateconfig.ConfigMapUpdate) error {
		err := updateconfig.Update(file, store, content.Name, content.Namespace, updates, false, nil, quiet, c.head)
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
	err := c.objects.BlobsUpTo(ctx, affected.MaxFile, ids, func(_ string, file []byte) error {
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

// fileContent is the only file that config-updater is to read.
type fileContent []byte

func (f fileContent) GetFile(string) ([]byte, error) { return f, nil }

// storedConfigMap stands in for the API server, with one ConfigMap.
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

// size is how much the content counts against the API server's limit.
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
