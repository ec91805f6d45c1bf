package policy

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		want   string // part of the error; none when empty
	}{
		"nothing":                    {Config{}, ""},
		"a preset":                   {Config{Preset: "openshift"}, ""},
		"no such preset":             {Config{Preset: "openshft"}, `preset: there is no "openshft"; did you mean openshift?`},
		"far from any":               {Config{Preset: "x"}, `known are kubevirt, open, openshift, writers`},
		"unknown condition":          {Config{Run: Rule{"writer", "member membr"}}, `run[1]: unknown condition "membr"; did you mean member?`},
		"in trust":                   {Config{Trust: Rule{"Writer"}}, `trust[0]: unknown condition "Writer"; did you mean writer?`},
		"an empty alternative":       {Config{Abort: Rule{"writer", " "}}, `abort[1]: is empty`},
		"an argument too many":       {Config{Run: Rule{"writer:x"}}, `run[0]: "writer:x": nothing may follow writer`},
		"a team without its name":    {Config{Run: Rule{"team:acme"}}, `run[0]: "team:acme": write it like team:my-org/my-team`},
		"a label without its name":   {Config{Run: Rule{"writer label:"}}, "label:ok-to-rehearse"},
		"a missing label":            {Config{Run: Rule{"!label:needs-ok-to-test"}}, "what is missing is no reason to trust"},
		"the author, of himself":     {Config{Trust: Rule{"author"}}, `trust[0]`},
		"a circle":                   {Config{Trust: Rule{"member trusted-author"}}, `trust[0]`},
		"trust for everybody":        {Config{Trust: Rule{"anyone"}}, ""},
		"privileges by the author":   {Config{Privileges: Rule{"writer", "author writer"}}, `privileges[1]: "author writer": the author`},
		"network by the author":      {Config{Network: Rule{"author"}}, `network[0]`},
		"approval by the author":     {Config{Approve: Rule{"author"}}, `approve[0]`},
		"privileges by anyone":       {Config{Privileges: Rule{"anyone"}}, `privileges[0]: "anyone": this must not be open to anyone`},
		"by a label":                 {Config{Approve: Rule{"label:ok trusted-author"}}, `approve[0]`},
		"acknowledged by anyone":     {Config{Run: Rule{"anyone"}, Ack: Rule{"anyone"}}, `ack[0]`},
		"by the author, who may run": {Config{Run: Rule{"author", "writer"}, Ack: Rule{"author", "writer"}}, ""},
		"ack weaker than run":        {Config{Run: Rule{"admin"}, Ack: Rule{"writer"}}, `ack[0]: "writer" lets people who may not run acknowledge`},
		"weaker than the preset":     {Config{Ack: Rule{"member"}}, `ack[0]`},
		"run of the preset stronger": {Config{Run: Rule{"member writer"}}, `ack[0]: "writer"`},
		"stronger by a condition":    {Config{Run: Rule{"member"}, Ack: Rule{"approver member"}}, ""},
		"admins are writers":         {Config{Ack: Rule{"admin"}}, ""},
		"but writers are no admins":  {Config{Run: Rule{"admin"}, Ack: Rule{"admin", "writer"}}, `ack[1]`},
		"names of teams in any case": {Config{Run: Rule{"team:Acme/ops"}, Ack: Rule{"team:acme/ops"}}, ""},
		"another team":               {Config{Run: Rule{"team:acme/ops"}, Ack: Rule{"team:acme/dev"}}, `ack[0]`},
		"nobody":                     {Config{Network: Rule{"nobody"}, Ack: Rule{"nobody"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.config.Validate()
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestPresetsAreValidAndWhole(t *testing.T) {
	for _, name := range Presets() {
		c, _ := Preset(name)
		if err := c.Validate(); err != nil || c.Preset != name {
			t.Errorf("%s: %v", name, err)
		}
		for field, rule := range c.rules() {
			if len(*rule) == 0 {
				t.Errorf("%s: %s is not set", name, field)
			}
		}
	}
}

func TestWho(t *testing.T) {
	for want, c := range map[string]Config{
		"people with write access to `acme/release`":                                                                 {},
		"members of `acme`, or people with write access to `acme/release`":                                           {Approve: Rule{"member", "writer", "nobody", "member"}},
		"approvers of the whole repository (top-level OWNERS); or members of `acme`, if it has the label `ok`":       {Approve: Rule{"root-approver", "member label:ok"}},
		"members of `acme` who are also approvers of every changed file (OWNERS) and members of the team `acme/ops`": {Approve: Rule{"member approver team:acme/ops"}},
		"nobody": {Approve: Rule{"nobody"}},
		"anybody, if its author is trusted; or `bob`": {Approve: Rule{"trusted-author", "user:bob"}},
	} {
		if got := c.Who(Approve, "acme", "release"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
