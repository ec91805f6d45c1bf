//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package screen

import "os"

// keyboard is not supported on this platform.
type keyboard struct {
	keys    chan Key
	signals chan os.Signal
}

func openKeyboard(*os.File) *keyboard { return nil }
func (*keyboard) giveBack()           {}
func (*keyboard) obey(os.Signal)      {}
func (*keyboard) close()              {}
