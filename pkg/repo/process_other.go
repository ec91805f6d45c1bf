//go:build !unix

package repo

import (
	"os"
	"os/exec"
	"syscall"
)

func inGroup(*exec.Cmd) {}

func endGroup(cmd *exec.Cmd) error { return cmd.Process.Kill() }

func lockDir(*os.File) error { return nil }

var diskFull = []error{syscall.ENOSPC}
