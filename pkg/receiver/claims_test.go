package receiver

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestGiveWay(t *testing.T) {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const kib, mib = 1 << 10, 1 << 20
	newcomer := claim{"192.0.2.1", 0, now, stranger}
	tests := []struct {
		name string
		// The first of claims is the one that asks for more.
		claims []claim
		more   int64
		ending []int
		enough bool
	}{
		{"slow before fast", []claim{
			newcomer, {"a", 64 * kib, ago(time.Second), stranger}, {"b", 64 * kib, ago(4 * time.Second), stranger},
		}, 32 * kib, []int{2}, true},
		{"sources with more memory first", []claim{
			newcomer, {"a", 64 * kib, ago(time.Second), stranger}, {"b", mib, ago(time.Second), stranger},
		}, 32 * kib, []int{2}, true},
		{"many small claims of one source count together", []claim{
			newcomer, {"a", 48 * kib, ago(time.Second), stranger},
			{"b", 32 * kib, ago(time.Second), stranger}, {"b", 32 * kib, ago(2 * time.Second), stranger}, {"b", 32 * kib, ago(time.Second), stranger},
		}, 48 * kib, []int{3, 2}, true},
		{"strangers before familiars", []claim{
			newcomer, {"a", mib, ago(5 * time.Second), familiar}, {"b", kib, ago(time.Millisecond), stranger},
		}, kib, []int{2}, true},
		{"all from one address, the oldest first", []claim{
			{"192.0.2.1", 32 * kib, ago(time.Second / 10), stranger}, {"192.0.2.1", kib, ago(time.Second), stranger},
			{"192.0.2.1", 32 * kib, ago(3 * time.Second), stranger},
		}, 32 * kib, []int{2}, true},
		{"none if the asker is the slowest", []claim{
			{"192.0.2.1", mib / 2, ago(5 * time.Second), stranger}, {"a", mib / 4, ago(time.Second), stranger},
		}, mib / 2, nil, false},
		{"none that is settled", []claim{
			newcomer, {"a", mib, ago(5 * time.Second), settled},
		}, kib, nil, false},
		{"no familiar claim for a stranger", []claim{
			newcomer, {"a", mib, ago(5 * time.Second), familiar},
		}, kib, nil, false},
		{"a burst of deliveries is not slow", slices.Concat(
			[]claim{{"192.0.2.1", 16 * kib, ago(50 * time.Millisecond), stranger}},
			slices.Repeat([]claim{{"192.0.2.1", 32 * kib, ago(50 * time.Millisecond), stranger}}, 100),
			[]claim{{"a", mib, ago(3 * time.Second), stranger}},
		), 16 * kib, []int{101}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ending, enough := giveWay(tt.claims, 0, tt.more, now)
			if !slices.Equal(ending, tt.ending) || enough != tt.enough {
				t.Errorf("%v give way, and enough is %t, want %v, %t", ending, enough, tt.ending, tt.enough)
			}
		})
	}
}

// TestNoFloodOutlastsADelivery has 64 addresses take all memory, in every mixture of
// sizes and rates that does not come in faster than 100 MiB/s, and a delivery that
// takes a tenth of a second.
func TestNoFloodOutlastsADelivery(t *testing.T) {
	const each = 512 << 10
	for _, size := range []int64{2 << 10, 32 << 10, 128 << 10, each} {
		var claims []claim
		claims = append(claims, claim{"192.0.2.1", 64 << 10, now.Add(-time.Second / 10), stranger})
		for i := int64(0); i*size < smallBodies; i++ {
			// They began one after the other, as fast as they arrived.
			age := time.Duration(i*size) * time.Second / (100 << 20)
			claims = append(claims, claim{fmt.Sprintf("10.0.0.%d", i%64), size, now.Add(-age), stranger})
		}
		if i := worst(claims, now); i == 0 {
			t.Errorf("with pieces of %d KiB the delivery gives way", size>>10)
		}
	}
}

func TestForemost(t *testing.T) {
	tests := []struct {
		name    string
		waiting []*applicant
		had     []string
		want    int
	}{
		{"the first", []*applicant{{source: "a", standing: stranger}, {source: "b", standing: stranger}}, nil, 0},
		{"a source that never had the slot", []*applicant{{source: "a", standing: stranger}, {source: "b", standing: stranger}}, []string{"a"}, 1},
		{"the source that had the slot longest ago", []*applicant{{source: "a", standing: stranger}, {source: "b", standing: stranger}}, []string{"b", "a"}, 1},
		{"a familiar source before strangers", []*applicant{{source: "a", standing: stranger}, {source: "b", standing: familiar}}, []string{"b"}, 1},
	}
	for _, tt := range tests {
		if got := foremost(tt.waiting, tt.had); got != tt.want {
			t.Errorf("%s: it is %d, want %d", tt.name, got, tt.want)
		}
	}
}
