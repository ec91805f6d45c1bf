//go:build unix

package repo

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// inGroup makes a command the first of a group of its own.
func inGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// endGroup kills a command with all of its group.
func endGroup(cmd *exec.Cmd) error {
	err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// lockDir takes a directory for this process; it is free again when the process
// ends, however it does.
func lockDir(dir *os.File) error {
	return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// diskFull are the errors of a full disk.
var diskFull = []error{syscall.ENOSPC, syscall.EDQUOT}
