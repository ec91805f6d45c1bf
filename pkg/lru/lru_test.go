package lru_test

import (
	"math"
	"testing"

	"github.com/rehearsal-dev/rehearsal/pkg/lru"
)

func holds(t *testing.T, c *lru.Cache[int], want map[string]bool) {
	t.Helper()
	for key, want := range want {
		if _, ok := c.Get(key); ok != want {
			t.Errorf("%s: kept = %v", key, ok)
		}
	}
}

func TestCosts(t *testing.T) {
	c := lru.New[int](math.MaxInt, 10)
	c.Add("a", 1, 4)
	c.Add("b", 2, 4)
	c.Get("a")
	c.Add("c", 3, 4)
	c.Add("too large", 4, 11)
	holds(t, c, map[string]bool{"a": true, "b": false, "c": true, "too large": false})
	for range 3 { // what is replaced costs nothing any more
		c.Add("a", 5, 6)
	}
	holds(t, c, map[string]bool{"a": true, "c": true})
	if got, _ := c.Get("a"); got != 5 {
		t.Errorf("a is %d", got)
	}
	if got := c.Cost(); got != 10 {
		t.Errorf("all cost %d", got)
	}
	c.Remove("a")
	c.Add("d", 6, 6)
	holds(t, c, map[string]bool{"a": false, "c": true, "d": true})
	c.Add("d", 7, 11)
	holds(t, c, map[string]bool{"d": false})
}

func TestNumber(t *testing.T) {
	c := lru.New[int](2, 1)
	for i, key := range []string{"a", "b", "c"} {
		c.Add(key, i, 0)
	}
	holds(t, c, map[string]bool{"a": false, "b": true, "c": true})
}

func TestRecentIsReady(t *testing.T) {
	var recent lru.Recent[int]
	for i, key := range []string{"a", "b", "c"} {
		recent.UpTo(2).Add(key, i)
	}
	for key, want := range map[string]bool{"a": false, "b": true, "c": true} {
		if _, ok := recent.UpTo(2).Get(key); ok != want {
			t.Errorf("%s: kept = %v", key, ok)
		}
	}
}
