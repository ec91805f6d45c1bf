package report

import (
	"fmt"
	"strings"

	"github.com/rehearsal-dev/rehearsal/pkg/event"
	"github.com/rehearsal-dev/rehearsal/pkg/legible"
	"github.com/rehearsal-dev/rehearsal/pkg/policy"
)

// Denial says that a person may not do something, for one head.
type Denial struct {
	// By is the login of the person, Line the command.
	By, Line string
	// Head is the full SHA.
	Head string
	// Kind is a word for the reason. Each person is told each reason once per head.
	Kind string
	// Org and Repo name the config repository.
	Org, Repo string
	// Sentence is the reason in plain text.
	Sentence string
}

// Denied tells a person why a command was not carried out, and who can help.
func (c Commands) Denied(d Denial) string {
	return "🔒 " + code(d.By) + ", thank you, but " + said(legible.Clip(d.Line, maxName)) + " was not carried out.\n\n" +
		text(legible.Clip(d.Sentence, 2*maxDetail)) + "\n\n" +
		"<details><summary>Who may do what</summary>\n\n" + c.who(d.Org, d.Repo) + "\n\n</details>\n\n" +
		"<sub>You get this answer once per push. The same command again gets none.</sub>\n\n" +
		DeniedMarker(d.By, d.Head, d.Kind) + "\n"
}

// The functions below return plain text for Denial.

// NotAllowed is the reason if the policy does not allow the command.
func (c Commands) NotAllowed(command policy.Command, org, repo string) string {
	who := c.Policy.Who(command, org, repo)
	if who == "nobody" {
		return "Nobody may do that here."
	}
	return "This command is for " + who + ". They can review the change and write it instead."
}

// OwnPull is the reason if authors must not do this for their own pull requests.
func (c Commands) OwnPull(command policy.Command, org, repo string) string {
	return "You are the author of this pull request, so somebody else has to do that: " + c.Policy.Who(command, org, repo) + "."
}

// OwnPush is the reason if people who pushed must not do this.
func (c Commands) OwnPush(command policy.Command, org, repo string) string {
	return "You pushed to this pull request, so somebody else has to do that: " + c.Policy.Who(command, org, repo) + "."
}

// OwnCommit is the reason if people who are named in the commits must not do this.
func (c Commands) OwnCommit(command policy.Command, org, repo string) string {
	return "Some commits of this pull request are yours, so somebody else has to do that: " + c.Policy.Who(command, org, repo) + "."
}

// HeadNotApproved is the reason if the head must be approved first.
func (c Commands) HeadNotApproved(author, head, org, repo string) string {
	return headNeedsApproval(c, author, head, org, repo) + " Then write this again."
}

// UnmappedUser is the reason for users of the command line whose login is unknown.
func UnmappedUser(user string) string {
	return fmt.Sprintf("The setting %s does not give the GitHub login of the Kubernetes user %s, so it is not known what they may do.", quote("users"), quote(user))
}

// NotPlanned is the reason while the requests of the jobs are unknown.
func NotPlanned() string {
	return "It is not known yet which privileges the jobs request. Write this again once the list of affected jobs shows them."
}

// NotShown is the reason if the comment with the affected jobs does not completely show
// what is to be allowed for the named jobs; for all jobs if none are named.
func (c Commands) NotShown(names []string, head string) string {
	if len(names) == 0 {
		return "The list of affected jobs has no room for everything that the jobs request, so it cannot all be allowed at once. " +
			quote("rehearse affected") + " in a clone shows all of it, and " + quote(c.line("explain {job}")) + " shows it for one job. " +
			quote(c.For("privileges-allowed", short(head)+" {job} {job} …")) + " allows it for jobs that the list names next to everything they request."
	}
	quoted := make([]string, 0, len(names))
	for _, name := range names[:min(len(names), maxExamples)] {
		quoted = append(quoted, quote(name))
	}
	if left := len(names) - len(quoted); left > 0 {
		quoted = append(quoted, count(left)+" more")
	}
	return "Either the list of affected jobs does not show in full what these jobs request, or it is already allowed: " + strings.Join(quoted, ", ") +
		". Write each name exactly as the list shows it next to everything that the job requests."
}

// NothingAsked is the answer if there are no privileges to allow.
func NothingAsked() string {
	return "There is nothing to allow: no job requests more than the base branch grants."
}

// Person returns how the author of a command is shown: commands from the command line do
// not come from a GitHub login.
func Person(commandID, login string) string {
	if event.FromCommandLine(commandID) {
		return login + " (on the command line)"
	}
	return login
}
