package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockPath is locked by `up` and `down`; compiling has a lock of its own, beside the cache.
const lockPath = "/run/rehearsal-cluster.lock"

// acquireLock lets only one process at a time hold the file's lock. The returned function
// removes the file while the lock is still held, so that nothing is left behind; those that
// waited notice this and create a new one.
func acquireLock(path string) (release func(), err error) {
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(file); err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if sameFile(file, path) {
			return func() {
				_ = os.Remove(path)
				_ = file.Close()
			}, nil
		}
		_ = file.Close()
	}
}

func flock(file *os.File) error {
	fd := int(file.Fd())
	err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return err
	}
	fmt.Fprintln(os.Stderr, "waiting for another run of this command to finish")
	for {
		if err := syscall.Flock(fd, syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func sameFile(file *os.File, path string) bool {
	held, err := file.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(path)
	return err == nil && os.SameFile(held, current)
}
