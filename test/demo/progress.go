package main

import (
	"fmt"
	"time"
)

// progress prints what is going on, and how long it takes.
type progress struct {
	style style
	start time.Time
}

func (p progress) heading(text string) {
	fmt.Printf("\n%s\n\n", p.style.bold("── "+text))
}

func (p progress) note(text string) {
	fmt.Printf("%s %s\n", p.style.dim(fmt.Sprintf("%6s", time.Since(p.start).Round(time.Second))), text)
}

// step runs one step, and prints how long it took.
func (p progress) step(what string, do func() error) error {
	begin := time.Now()
	p.note(what + " …")
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	p.note(fmt.Sprintf("%s: %s", what, time.Since(begin).Round(100*time.Millisecond)))
	return nil
}
