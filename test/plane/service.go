package plane

import (
	"context"
	"io"
	"net"
	"sync"
)

// Service forwards each connection to a replica that accepts it, like a Service of
// Kubernetes.
type Service struct {
	Address  string
	listener net.Listener
	replicas []string
	work     sync.WaitGroup
	ctx      context.Context

	mu   sync.Mutex
	next int
}

func startService(ctx context.Context) (*Service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Service{Address: l.Addr().String(), listener: l, ctx: ctx}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			s.work.Add(1)
			go func() {
				defer s.work.Done()
				s.forward(connection)
			}()
		}
	}()
	return s, nil
}

func (s *Service) add(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replicas = append(s.replicas, address)
}

// dial tries all replicas, starting with another one each time.
func (s *Service) dial() net.Conn {
	s.mu.Lock()
	replicas, first := s.replicas, s.next
	s.next++
	s.mu.Unlock()
	for i := range replicas {
		if c, err := net.Dial("tcp", replicas[(first+i)%len(replicas)]); err == nil {
			return c
		}
	}
	return nil
}

func (s *Service) forward(client net.Conn) {
	defer client.Close() //nolint:errcheck // it may already be closed
	server := s.dial()
	if server == nil {
		return
	}
	defer server.Close() //nolint:errcheck // it may already be closed
	ended := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // one side has closed
			ended <- struct{}{}
		}()
	}
	select {
	case <-ended:
	case <-s.ctx.Done():
	}
}
