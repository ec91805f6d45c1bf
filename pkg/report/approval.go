package report

import (
	"strings"
	"time"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
)

// Approval is an approval by one person for one head.
type Approval struct {
	// By is the login of the person.
	By string
	// Head is the full SHA to which it applies.
	Head string
	At   time.Time
	// Jobs are the jobs to which it applies; empty means all.
	Jobs []string
}

// approvals returns the lines of the plan comment on who approved the head and the requests
// of its jobs, or that somebody has to.
func approvals(v PlanView) string {
	var b strings.Builder
	switch {
	case v.HeadApproval != nil:
		b.WriteString("\n✅ **This head is approved to run** by " + v.HeadApproval.line() + ".\n")
	case v.NotTrusted != "":
		b.WriteString("\n🔒 " + text(headNeedsApproval(v.Commands, v.NotTrusted, v.Head, v.Org, v.Repo)) + "\n")
	}
	if v.PrivilegeApproval != nil {
		b.WriteString("\n🔑 " + v.PrivilegeApproval.privileges() + ".\n")
	}
	return b.String()
}

// privileges says whose privileges are allowed.
func (a Approval) privileges() string {
	if len(a.Jobs) == 0 {
		return "**The privileges that the jobs request are allowed** by " + a.line()
	}
	names := make([]string, 0, len(a.Jobs))
	for _, name := range a.Jobs[:min(len(a.Jobs), maxRemoved)] {
		names = append(names, code(legible.Clip(name, maxName)))
	}
	if left := len(a.Jobs) - len(names); left > 0 {
		names = append(names, "and "+count(left)+" more")
	}
	return "**The privileges that some jobs request are allowed**, most recently by " + a.line() + ": " + strings.Join(names, ", ")
}

func (a Approval) line() string {
	return code(a.By) + since(Acknowledgement{Head: a.Head, At: a.At})
}

// headNeedsApproval says what is needed before the head of an untrusted author can run.
func headNeedsApproval(c Commands, author, head, org, repo string) string {
	return "Jobs run for " + quote(author) + " once somebody else has reviewed the commit " + quote(head) + ": " +
		c.Policy.Who(policy.Approve, org, repo) + " can write " + quote(c.For("approve", short(head))) + ". Every push needs a new approval."
}

// who lists who may do what, as Markdown.
func (c Commands) who(org, repo string) string {
	var order []string
	named := map[string][]string{}
	for _, deed := range event.Deeds() {
		who := c.Policy.Who(policy.Command(deed.Right), org, repo)
		if len(named[who]) == 0 {
			order = append(order, who)
		}
		named[who] = append(named[who], deed.Does)
	}
	var b strings.Builder
	b.WriteString("Who may do what:\n\n")
	for _, who := range order {
		b.WriteString("- " + upperFirst(strings.Join(named[who], ", ")) + ": " + text(who) + ".\n")
	}
	b.WriteString("\nNobody can approve or allow anything on their own pull request.")
	return b.String()
}
