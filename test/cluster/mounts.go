package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

const overlayMagic = 0x794c7630

type mount struct {
	point string
	kind  string
}

// parseMounts parses /proc/self/mountinfo.
func parseMounts(mountInfo string) []mount {
	var mounts []mount
	for _, line := range strings.Split(mountInfo, "\n") {
		before, after, found := strings.Cut(line, " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(kind) == 0 {
			continue
		}
		mounts = append(mounts, mount{point: unescape(fields[4]), kind: kind[0]})
	}
	return mounts
}

// unescape undoes the kernel's octal escapes of white space.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// mountsBelow lists mount points under a directory, the latest first: the order in which
// they can be unmounted.
func mountsBelow(mountInfo, dir string) []string {
	var points []string
	for _, mount := range parseMounts(mountInfo) {
		if mount.point == dir || strings.HasPrefix(mount.point, dir+"/") {
			points = append([]string{mount.point}, points...)
		}
	}
	return points
}

func unmountBelow(dir string) error {
	mountInfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var failed []error
	for _, point := range mountsBelow(string(mountInfo), dir) {
		if err := syscall.Unmount(point, 0); err == nil {
			continue
		}
		if err := syscall.Unmount(point, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
			failed = append(failed, fmt.Errorf("unmount %s: %w", point, err))
		}
	}
	return errors.Join(failed...)
}

func filesystemType(path string) int64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return 0
	}
	return stat.Type
}
