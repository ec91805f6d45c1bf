package screen

import (
	"maps"
	"slices"
	"strings"
)

// Key is the action that a key stands for.
type Key int

// The known keys.
const (
	Up Key = iota + 1
	Down
	PageUp
	PageDown
	Top
	Bottom
	Summary
	Quit
)

// sequences are the bytes that terminals send (ECMA-48, and xterm's for the application
// mode of the cursor keys).
var sequences = map[string]Key{
	"k": Up, "\x1b[A": Up, "\x1bOA": Up,
	"j": Down, "\x1b[B": Down, "\x1bOB": Down,
	"b": PageUp, "\x1b[5~": PageUp,
	" ": PageDown, "f": PageDown, "\x1b[6~": PageDown,
	"g": Top, "\x1b[H": Top, "\x1bOH": Top, "\x1b[1~": Top,
	"G": Bottom, "\x1b[F": Bottom, "\x1bOF": Bottom, "\x1b[4~": Bottom,
	"s": Summary, "q": Quit,
}

// keysIn returns the keys in the bytes that a terminal has sent, and the bytes of an
// incomplete sequence at their end.
func keysIn(sent string) (keys []Key, rest string) {
next:
	for sent != "" {
		for _, sequence := range slices.Sorted(maps.Keys(sequences)) {
			if after, found := strings.CutPrefix(sent, sequence); found {
				keys, sent = append(keys, sequences[sequence]), after
				continue next
			}
			if strings.HasPrefix(sequence, sent) {
				return keys, sent
			}
		}
		sent = sent[1:]
	}
	return keys, ""
}
