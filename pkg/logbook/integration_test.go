//go:build integration

package logbook_test

import (
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/logbook/logbooktest"
)

func TestAppendToAPIServer(t *testing.T) {
	server := logbooktest.Start(t)
	testAppend(t, func(t *testing.T) client { return server.Rehearsals(t) })
}
