package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	var out strings.Builder
	p := &progress{out: &out, tick: time.Nanosecond}
	gate := make(chan struct{})
	err := p.step(t.Context(), "quick", func(context.Context) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Millisecond, func() { close(gate) })
	err = p.step(t.Context(), "long", func(context.Context) error { <-gate; return errors.New("broken") })
	if err == nil || err.Error() != "long: broken" {
		t.Errorf("the step's error is %v", err)
	}
	for _, want := range []string{`(?m)^  done +\S+s  quick$`, `(?m)^  …  +\S+s  long$`, `(?m)^  failed +\S+s  long$`} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("%s is missing in\n%s", want, out.String())
		}
	}
}
