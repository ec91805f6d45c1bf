package repo

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// capMemory bounds the data of a process that runs already.
func capMemory(pid int, bytes uint64) error {
	err := unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}, nil)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("limiting memory: %w", err)
	}
	return nil
}
