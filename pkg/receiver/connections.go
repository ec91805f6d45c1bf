package receiver

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// maxConnections can be open at once. Each takes memory before it has sent anything.
const maxConnections = 256

// connections are those of a server. If there are too many, the worst is closed.
type connections struct {
	most int
	now  func() time.Time

	mu   sync.Mutex
	open map[net.Conn]*connection
}

type connection struct {
	of *connections
	claim
}

type connectionKey struct{}

// bound keeps the connections of a server below a number.
func bound(s *http.Server, most int) {
	c := &connections{most: most, now: time.Now, open: map[net.Conn]*connection{}}
	s.ConnState, s.ConnContext = c.changed, c.opened
}

// opened implements http.Server's ConnContext.
func (c *connections) opened(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := &connection{c, claim{source: peerOf(conn), size: 1, since: c.now(), standing: stranger}}
	c.open[conn] = known
	c.closeWorst()
	return context.WithValue(ctx, connectionKey{}, known)
}

// changed implements http.Server's ConnState.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.open[conn]
	switch {
	case known == nil, state == http.StateNew:
	case state == http.StateActive:
		known.since, known.standing = c.now(), stranger
	case state == http.StateIdle:
		known.since, known.standing = c.now(), idle
	default:
		delete(c.open, conn)
	}
}

// closeWorst closes a connection if there are too many. If all others are settled,
// they will finish soon.
func (c *connections) closeWorst() {
	if len(c.open) <= c.most {
		return
	}
	var conns []net.Conn
	var claims []claim
	for conn, known := range c.open {
		conns, claims = append(conns, conn), append(claims, known.claim)
	}
	if i := worst(claims, c.now()); i >= 0 {
		delete(c.open, conns[i])
		_ = conns[i].Close() // it ends either way
	}
}

// rise records the new standing of the request on a connection.
func rise(r *http.Request, s standing) {
	known, _ := r.Context().Value(connectionKey{}).(*connection)
	if known == nil {
		return
	}
	known.of.mu.Lock()
	defer known.of.mu.Unlock()
	known.standing = s
}

// peerOf returns the address that a connection comes from.
func peerOf(conn net.Conn) string {
	peer, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return ""
	}
	return network(peer.Addr())
}
