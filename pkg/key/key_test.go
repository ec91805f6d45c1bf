package key

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOf checks that only equal lists have the same key, also if their parts look like
// lengths, separators or keys.
func TestOf(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	words := []string{"", "0", "1", ":", "0:", "1:a", "a", "\x00", "\x00+", "/", "@", "\x01", "2:", "11:", "é"}
	list := func() []string {
		parts := make([]string, random.IntN(4))
		for i := range parts {
			for range random.IntN(3) {
				parts[i] += words[random.IntN(len(words))]
			}
			if random.IntN(8) == 0 {
				parts[i] = Of(parts[:i]...)
			}
		}
		return parts
	}
	known := map[string][]string{}
	same := 0
	for range 200_000 {
		parts := list()
		k := Of(parts...)
		other, found := known[k]
		if found && !slices.Equal(other, parts) {
			t.Fatalf("%q and %q have the same key %q", other, parts, k)
		}
		if found {
			same++
		}
		known[k] = parts
	}
	if same == 0 || len(known) < 1000 {
		t.Errorf("%d lists, %d of them more than once: these are too few to tell", len(known), same)
	}
}
