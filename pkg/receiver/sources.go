package receiver

import (
	"net/http"
	"net/netip"
	"strings"
)

// sources determines where requests come from.
type sources struct {
	// proxies are trusted to give the address of a client.
	proxies []netip.Prefix
}

// of is where a request comes from: its peer or, behind proxies that we know, the
// last address in X-Forwarded-For that is not one of theirs. Anything before it could
// be invented by the client.
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
	return network(client)
}

// network is what one customer has: an IPv4 address or an IPv6 /64.
func network(a netip.Addr) string {
	if a = a.Unmap(); a.Is6() {
		if prefix, err := a.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return a.String()
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
