package settings

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

// rehearsals is the prefix of the contexts of rehearsals.
const rehearsals = "ci/rehearse/"

// normalise gives values with the same meaning the same form.
func (s *Settings) normalise() {
	for _, address := range []*string{&s.GitHub.Endpoint, &s.GitHub.GitEndpoint, &s.PageURL} {
		*address = strings.TrimRight(*address, "/")
	}
	s.Defaults.normalise()
	for i := range s.Repositories {
		r := &s.Repositories[i]
		r.Layout = r.Clean()
		r.normalise()
	}
}

func (o *Options) normalise() {
	var lower []string
	for _, login := range o.StickyAuthors {
		lower = append(lower, strings.ToLower(login))
	}
	o.StickyAuthors = lower
}

// validate checks what depends on several fields.
func (d *decoder) validate(s *Settings) {
	for _, address := range []struct{ at, value string }{
		{"github.endpoint", s.GitHub.Endpoint}, {"github.git_endpoint", s.GitHub.GitEndpoint}, {"page_url", s.PageURL},
	} {
		if u, err := url.Parse(address.value); address.value != "" && (err != nil || u.Host == "") {
			d.wrong(address.at, "is %q, which is not a URL", address.value)
		}
	}
	for _, duration := range []struct {
		at    string
		value time.Duration
	}{
		{"keep_runs", s.KeepRuns}, {"progress_interval", s.ProgressInterval}, {"sweep_interval", s.SweepInterval},
		{"planning.timeout", s.Planning.Timeout}, {"planning.base_timeout", s.Planning.BaseTimeout},
		{"prow.default_job_timeout", s.Prow.DefaultJobTimeout}, {"prow.queue_allowance", s.Prow.QueueAllowance},
	} {
		if duration.value < time.Second {
			d.wrong(duration.at, "is %s, and must be at least 1s", duration.value)
		}
	}
	for user, login := range s.Users {
		if login == "" || strings.ContainsAny(login, " \t\n/@") {
			d.wrong(child("users", user), "is %q, which is not a login on GitHub", login)
		}
	}
	d.options("defaults", s.Defaults)
	d.repositories(s.Repositories)
}

func (d *decoder) repositories(list []Repository) {
	first := map[string]string{}
	for i, r := range list {
		at := item("repositories", i)
		name := strings.ToLower(r.Name)
		if before, twice := first[name]; twice && name != "" {
			d.wrong(at+".repo", "is %s, which is already listed in line %d", r.Name, d.line(before))
		} else {
			first[name] = at + ".repo"
		}
		for _, p := range r.Paths() {
			if p.Outside() {
				d.wrong(at+"."+p.Name, "is %q; paths begin at the root of the repository, without a slash", p.Value)
			}
		}
		for j, pattern := range r.Branches {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
				d.wrong(item(at+".branches", j), "is %q, which is not the name of a branch", pattern)
			}
		}
		d.options(at, r.Options)
	}
}

func (d *decoder) options(at string, o Options) {
	first := map[string]string{}
	for _, label := range []struct{ field, name string }{
		{"ack", o.Labels.Ack}, {"network", o.Labels.Network}, {"untrusted", o.Labels.Untrusted},
	} {
		name := strings.ToLower(label.name)
		if other := first[name]; other != "" {
			d.part(at, "labels", fmt.Errorf("%s: is %q, which is the label for %s", label.field, label.name, other))
		}
		first[name] = label.field
	}
	if strings.HasPrefix(strings.ToLower(o.StatusContext), rehearsals) {
		d.wrong(at+".status_context", "is %q; contexts that begin with %s are those of rehearsals, and a job could report it", o.StatusContext, rehearsals)
	}
	d.part(at, "policy", o.Policy.Validate())
	d.part(at, "gates", o.Gates.Validate())
	if longest := o.Gates.MaxTimeout; longest >= 0 && longest < time.Second {
		d.part(at, "gates", fmt.Errorf("max_timeout: is %s, and must be at least 1s", longest))
	}
}

var fieldPath = regexp.MustCompile(`^[a-z0-9_]+(?:\.[^\s.:\[\]]+|\[[^\]\s]+\])*: `)

// part records the problems that another package finds in its part of the options. Each
// error begins with the path of the field, if it is known. Problems that a repository has
// from the defaults are reported there, once.
func (d *decoder) part(options, part string, err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			d.part(options, part, e)
		}
		return
	}
	at, message := part, err.Error()
	if field := fieldPath.FindString(message); field != "" {
		message = message[len(field):]
		if field = strings.TrimSuffix(field, ": "); field == part || strings.HasPrefix(field, part+".") {
			at = field
		} else {
			at = part + "." + field
		}
	}
	for _, p := range d.list {
		if options != "defaults" && p.Path == "defaults."+at && p.Message == message {
			return
		}
	}
	d.wrong(options+"."+at, "%s", message)
}

// wrong records a problem at the line of a field, or of its parent.
func (d *decoder) wrong(path, format string, args ...any) {
	d.add(d.line(path), path, format, args...)
}

func (d *decoder) line(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 0
}
