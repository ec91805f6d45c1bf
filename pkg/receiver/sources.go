package receiver

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// sources bounds what requests from one address hold at once.
type sources struct {
	// proxies are those whose word on the address of a client counts.
	proxies []netip.Prefix

	mu sync.Mutex
	// held is what each holds in all, and reserved how much of that is of the reserve.
	held, reserved map[string]int64
}

func newSources(proxies []netip.Prefix) *sources {
	return &sources{proxies: proxies, held: map[string]int64{}, reserved: map[string]int64{}}
}

// take says whether a source may hold that much more.
func (s *sources) take(source string, n int64) bool { return s.add(s.held, source, n, sourceShare) }

func (s *sources) give(source string, n int64) { s.remove(s.held, source, n) }

// reserve says whether a source may hold that much more of the reserve.
func (s *sources) reserve(source string, n int64) bool {
	return s.add(s.reserved, source, n, reserveShare)
}

func (s *sources) unreserve(source string, n int64) { s.remove(s.reserved, source, n) }

func (s *sources) add(held map[string]int64, source string, n, share int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held[source]+n > share {
		return false
	}
	held[source] += n
	return true
}

func (s *sources) remove(held map[string]int64, source string, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held[source] -= n; held[source] <= 0 {
		delete(held, source)
	}
}

// of is where a request comes from: its peer or, behind proxies that we know,
// the last address in X-Forwarded-For that is not one of theirs. What stands
// before it is the client's own word.
func (s *sources) of(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.isProxy(client); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap()
	}
	if client.Is6() {
		// One customer has a whole network.
		if network, err := client.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return client.String()
}

func (s *sources) isProxy(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// ParseProxies reads addresses and networks, separated by commas.
func ParseProxies(list string) ([]netip.Prefix, error) {
	var proxies []netip.Prefix
	for _, entry := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if a, err := netip.ParseAddr(entry); err == nil {
			proxies = append(proxies, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(entry)
		if err != nil {
			return nil, err
		}
		proxies = append(proxies, p)
	}
	return proxies, nil
}
