package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

const lockPath = "/run/rehearsal-cluster.lock"

// acquireLock makes sure that one `up` or `down` runs at a time. The returned
// function removes the file while the lock is still held, so that nothing is
// left behind and whoever waited notices and takes a new one.
func acquireLock(waiting func()) (release func(), err error) {
	for {
		file, err := os.OpenFile(lockPath, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(file, waiting); err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", lockPath, err)
		}
		if sameFile(file, lockPath) {
			return func() {
				os.Remove(lockPath)
				file.Close()
			}, nil
		}
		file.Close()
	}
}

func flock(file *os.File, waiting func()) error {
	fd := int(file.Fd())
	err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return err
	}
	waiting()
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
