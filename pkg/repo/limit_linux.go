package repo

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// restrict limits a running process and the processes that it starts from now on.
func restrict(pid int, l Limits) error {
	for _, limit := range []struct {
		resource int
		bytes    int64
	}{{unix.RLIMIT_FSIZE, l.Size}, {unix.RLIMIT_DATA, l.Memory}, {unix.RLIMIT_CORE, -1}} {
		value := uint64(max(limit.bytes, 0))
		if limit.bytes == 0 {
			continue
		}
		err := unix.Prlimit(pid, limit.resource, &unix.Rlimit{Cur: value, Max: value}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("limiting what git takes: %w", err)
		}
	}
	return nil
}
