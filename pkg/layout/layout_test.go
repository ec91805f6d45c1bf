package layout

import (
	"reflect"
	"strings"
	"testing"
)

// filled returns a layout with a different value in every field of the struct.
func filled(t *testing.T) Layout {
	t.Helper()
	var l Layout
	v := reflect.ValueOf(&l).Elem()
	for i := range v.NumField() {
		name := strings.ToLower(v.Type().Field(i).Name)
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			f.SetString(name)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{name, name + "/more"}))
		default:
			t.Fatalf("the field %s is of a kind that this test does not know", name)
		}
	}
	return l
}

func TestEveryFieldHasARow(t *testing.T) {
	full := filled(t)
	v := reflect.ValueOf(&full).Elem()
	if v.NumField() != len(Fields) {
		t.Errorf("the struct has %d fields, the table %d rows", v.NumField(), len(Fields))
	}
	for i := range v.NumField() {
		setting, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f, ok := FieldOf(setting)
		if !ok {
			t.Errorf("the setting %s has no row", setting)
			continue
		}
		if f.Flag == "" || f.Usage == "" {
			t.Errorf("the setting %s has no flag, or no help for it", setting)
		}
		want := []string{v.Field(i).String()}
		if v.Field(i).Kind() == reflect.Slice {
			want = v.Field(i).Interface().([]string)
		}
		if got := f.values(&full); !reflect.DeepEqual(got, want) {
			t.Errorf("the row of %s leads to %q, want %q", setting, got, want)
		}
	}
}

func TestKeyTellsLayoutsApart(t *testing.T) {
	full := filled(t)
	keys := map[string]string{full.Key(): "itself"}
	v := reflect.ValueOf(&full).Elem()
	for i := range v.NumField() {
		other := full
		reflect.ValueOf(&other).Elem().Field(i).SetZero()
		if same := keys[other.Key()]; same != "" {
			t.Errorf("without %s it has the key of %s", v.Type().Field(i).Name, same)
		}
		keys[other.Key()] = v.Type().Field(i).Name
	}
	moved := Layout{SupplementalProwConfigDirs: []string{"a", "b"}}
	if moved.Key() == (Layout{SupplementalProwConfigDirs: []string{"a,b"}}).Key() {
		t.Error("the key does not tell lists apart")
	}
	if (Layout{}).Key() != (Layout{SupplementalProwConfigSuffix: DefaultSuffix}).Key() {
		t.Error("the default suffix has another key when it is written")
	}
}

func TestOr(t *testing.T) {
	full := filled(t)
	if got := (Layout{}).Or(full); !reflect.DeepEqual(got, full) {
		t.Errorf("nothing, or all = %+v", got)
	}
	mine := Layout{ProwConfig: "mine", SupplementalProwConfigDirs: []string{"mine"}}
	got := mine.Or(full)
	if got.ProwConfig != "mine" || len(got.SupplementalProwConfigDirs) != 1 || got.JobConfig != full.JobConfig {
		t.Errorf("what is set is not kept: %+v", got)
	}
}

func TestCleanLeavesTheOtherAlone(t *testing.T) {
	dirs := []string{"./a/"}
	l := Layout{ProwConfig: "./prow//config.yaml", JobConfig: "jobs/", SupplementalProwConfigDirs: dirs}
	want := Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs", SupplementalProwConfigDirs: []string{"a"}}
	if got := l.Clean(); !reflect.DeepEqual(got, want) {
		t.Errorf("clean = %+v", got)
	}
	if dirs[0] != "./a/" {
		t.Error("the list that it came from is changed")
	}
}

func TestPaths(t *testing.T) {
	l := Layout{ProwConfig: "/etc/config.yaml", SupplementalProwConfigDirs: []string{"a", "../b"}, SupplementalProwConfigSuffix: "/x"}
	var got []string
	for _, p := range l.Paths() {
		if p.Outside() {
			got = append(got, p.Name+" outside")
		} else {
			got = append(got, p.Name)
		}
	}
	want := "prow_config outside, supplemental_prow_config_dirs[0], supplemental_prow_config_dirs[1] outside"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("paths are %s, want %s", text, want)
	}
}

func TestKinds(t *testing.T) {
	l := Layout{ProwConfig: "prow/config.yaml", JobConfig: "jobs", SupplementalProwConfigDirs: []string{"prow/extra"}}
	for p, want := range map[string]string{
		"prow/config.yaml":                 "prow loaded",
		"prow/VERSION":                     "prow",
		"prow/extra/a_prowconfig.yaml":     "prow supplemental loaded",
		"prow/extra/a.yaml":                "loaded",
		"prow/extra/..x/a_prowconfig.yaml": "loaded",
		"jobs/a.yaml":                      "job loaded",
		"jobs/..a/b.yaml":                  "loaded",
		"jobs/x/.prowignore":               "ignore loaded",
		"jobs.yaml":                        "",
		"files/a.txt":                      "",
	} {
		var got []string
		for _, kind := range []struct {
			name string
			is   bool
		}{
			{"prow", l.IsProwFile(p)}, {"supplemental", l.IsSupplemental(p)}, {"job", l.IsJobFile(p)},
			{"ignore", l.IsIgnoreFile(p)}, {"misnamed", l.IsMisnamed(p)}, {"loaded", l.IsLoaded(p)},
		} {
			if kind.is {
				got = append(got, kind.name)
			}
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s is %q, want %q", p, text, want)
		}
	}
	if named := (Layout{JobConfig: "jobs.yaml"}); !named.IsMisnamed("jobs.yaml/a") || named.IsMisnamed("jobs.yaml") {
		t.Error("a directory called like a file is not told from a file")
	}
}
