//go:build unix

package repo

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// inGroup makes a command the leader of its own process group.
func inGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup kills the process group of a command.
func endGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// lockDir locks a directory for this process. The lock ends with the process, even if it
// is killed.
func lockDir(dir *os.File) error {
	return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// diskFull are the errors that mean a full disk.
var diskFull = []error{syscall.ENOSPC, syscall.EDQUOT}
