package policy

import "github.com/rehearsal-dev/rehearsal/pkg/event"

// CommandOf returns the row of the table for a command line. A run that is to
// acknowledge is an acknowledgement: those need the rights of running, too.
func CommandOf(c event.Command) Command {
	switch c.Verb {
	case event.Run:
		if c.AutoAck {
			return Ack
		}
		return Run
	case event.Abort:
		return Abort
	case event.Ack, event.Skip:
		return Ack
	case event.Reject:
		return Reject
	case event.Approve:
		return Approve
	case event.AllowPrivileges:
		return Privileges
	case event.AllowNetwork:
		return Network
	}
	return Ask
}
