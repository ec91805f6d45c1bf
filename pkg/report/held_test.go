package report

import (
	"fmt"
	"strings"
	"testing"
)

const grave, light = 1, 30

func asked(n int) PlanView {
	v := planView()
	v.Jobs = planJobs(n)
	for i := range v.Jobs {
		v.Jobs[i].Key = fmt.Sprintf("key-%d", i)
		v.Jobs[i].Held = &Held{}
	}
	return v
}

func secret(name string) Ask {
	return Ask{Sentence: "reads a secret", Path: "pod_spec.volumes[0].secret", Value: name, Gravity: 9}
}

// TestWhatIsAllowedIsShown: all requests are shown completely, the most powerful first, or
// the comment says that they are not.
func TestWhatIsAllowedIsShown(t *testing.T) {
	nine := asked(1)
	for i := range 8 {
		nine.Jobs[0].Held.Asks = append(nine.Jobs[0].Held.Asks, secret(fmt.Sprintf("harmless-%d", i)))
	}
	nine.Jobs[0].Held.Asks = append(nine.Jobs[0].Held.Asks, secret("prod-signing-key"))

	many := asked(156)
	for i := range many.Jobs {
		many.Jobs[i].Held.Asks = []Ask{{"has a label that other programs may act on", "labels", fmt.Sprintf("team=t%d", i), light}}
	}
	many.Jobs[155].Held.Asks = []Ask{{"is privileged on its node", "p", "privileged", grave}}

	long := asked(1)
	long.Jobs[0].Held.Asks = []Ask{{"mounts a volume", "p", `csi {"driver":"` + strings.Repeat("cache.example.com/", 6) + `","class":"prod-signing-key"}`, 10}}

	alike := asked(3000)
	for i := range alike.Jobs {
		alike.Jobs[i].Held.Asks = []Ask{secret("cloud")}
	}

	tooLong := asked(2)
	tooLong.Jobs[0].Held.Asks = []Ask{{"mounts a volume", "p", strings.Repeat("a", maxAsked) + "prod-signing-key", 10}}
	tooLong.Jobs[1].Held.Asks = []Ask{secret("cloud")}

	tooMany := asked(2000)
	for i := range tooMany.Jobs {
		tooMany.Jobs[i].Held.Asks = []Ask{{"has a label that other programs may act on", "labels", fmt.Sprintf("team=t%d", i), light}, secret("cloud")}
	}
	tooMany.Jobs[1999].Held.Asks = append(tooMany.Jobs[1999].Held.Asks, Ask{"is privileged on its node", "p", "privileged", grave})

	hidden := asked(1)
	hidden.Jobs[0].Held.Asks = []Ask{secret("cloud<!-- prod-signing-key -->\u200b\u0430 ")}

	for name, c := range map[string]struct {
		view PlanView
		want []string
		all  bool
		jobs int
	}{
		"nine requests of one job":         {nine, []string{"`prod-signing-key`"}, true, 1},
		"one dangerous request among many": {many, []string{"is privileged on its node: `privileged`", "`team=t154`"}, true, 156},
		"long value":                       {long, []string{`"class":"prod-signing-key"}`}, true, 1},
		"same request of very many jobs":   {alike, []string{"reads a secret: `cloud`", "3,000 jobs: `pull-widget-000`"}, true, 100},
		"value that is too long":           {tooLong, []string{"and 16 more characters", "Not everything", "`cloud`", "privileges-allowed 012345678901 {job}"}, false, 1},
		"too many requests":                {tooMany, []string{"is privileged on its node: `privileged`", "Not everything", "more rows not shown here"}, false, 3},
		"hidden characters":                {hidden, []string{"`cloud\\x3c!-- prod-signing-key -->\\u200b\\u0430\\x20`"}, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			body, shown := PlanShown(c.view)
			checkSafe(t, body)
			if shown.Head != strings.Contains(body, c.view.Head) {
				t.Errorf("that it names the head is %v", shown.Head)
			}
			for _, want := range c.want {
				if !strings.Contains(body, want) {
					t.Errorf("%q is not shown:\n%s", want, body[strings.Index(body, "**Held"):strings.Index(body, "<sub>")])
				}
			}
			jobs := 0
			for _, whole := range shown.Jobs {
				if whole {
					jobs++
				}
			}
			if shown.All != c.all || jobs != c.jobs {
				t.Errorf("all is %v, and %d jobs are shown whole", shown.All, jobs)
			}
			if at := strings.Index(body, "is privileged on"); at > strings.Index(body, "has a label") && at >= 0 {
				t.Error("a label comes before power over a node")
			}
			if page := string(PlanPage(c.view)); strings.Contains(name, "too") && !strings.Contains(page, "prod-signing-key") && !strings.Contains(page, "team=t1999") {
				t.Error("the page does not show all")
			}
		})
	}
}
