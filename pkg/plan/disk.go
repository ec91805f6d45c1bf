package plan

import "context"

func (w *work) readAnchor(context.Context, string) *state { return nil }

func (w *work) writeAnchor(string, *state) {}
