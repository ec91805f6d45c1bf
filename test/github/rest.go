package github

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
)

// restRequest is a call of the REST API by a known caller.
type restRequest struct {
	*http.Request
	s    *Server
	user *user
	who  *actor
	body []byte
}

// answer is the result of a call. A nil body means no body.
type answer struct {
	status int
	body   any
	header http.Header
}

type restHandler func(*restRequest) (answer, error)

func ok(body any) (answer, error)      { return answer{status: http.StatusOK, body: body}, nil }
func created(body any) (answer, error) { return answer{status: http.StatusCreated, body: body}, nil }
func noContent() (answer, error)       { return answer{status: http.StatusNoContent}, nil }

// restRoutes is the REST API. Path parameters have the names in GitHub's OpenAPI
// description, so that the patterns equal its paths.
var restRoutes = func() map[string]restHandler {
	all := map[string]restHandler{}
	for _, table := range []map[string]restHandler{pullRoutes, mergeRoutes, issueRoutes, commitRoutes, peopleRoutes, gitRoutes, appRoutes} {
		maps.Copy(all, table)
	}
	return all
}()

// Routes lists the supported calls of the REST API by their names in Calls.
func Routes() []string { return slices.Sorted(maps.Keys(restRoutes)) }

func (s *Server) restHandler() http.Handler {
	routes := &router{other: s.serve(func(*restRequest) (answer, error) { return answer{}, errNotFound })}
	for pattern, h := range restRoutes {
		routes.handle(pattern, s.serve(h))
	}
	return s.byNumber(s.counted(routes, s.failing(routes)))
}

// serve turns a restHandler into an http.Handler: it authenticates, applies the rate limit,
// answers, and handles conditional requests.
func (s *Server) serve(h restHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		a := s.answerTo(r, body, h)
		payload := a.render(r)
		if a.status == http.StatusNotModified {
			s.refund(r, a.header)
		}
		s.mu.Unlock()
		for key, values := range a.header {
			w.Header()[key] = values
		}
		w.WriteHeader(a.status)
		if _, err := w.Write(payload); err != nil {
			s.log.Debug("client went away", "path", r.URL.Path, "error", err)
		}
		s.validate(Exchange{Request: r, RequestBody: body, Status: a.status, Header: a.header, Body: payload})
	}
}

func (s *Server) answerTo(r *http.Request, body []byte, h restHandler) answer {
	header := http.Header{"X-Github-Media-Type": {"github.v3; format=json"}, "X-Github-Request-Id": {fmt.Sprintf("%X", s.id())}}
	a, err := s.permitted(r, header, func(who *actor) (answer, error) {
		call := &restRequest{Request: r, s: s, user: who.user, who: who, body: body}
		if err := call.authorise(); err != nil {
			return answer{}, err
		}
		return h(call)
	})
	if err != nil {
		e := asAPIError(err)
		a = answer{status: e.Status, body: e.body(), header: e.Header}
	}
	for key, values := range a.header {
		header[key] = values
	}
	a.header = header
	return a
}

// permitted calls next if the caller is known and has calls left.
func (s *Server) permitted(r *http.Request, header http.Header, next func(*actor) (answer, error)) (answer, error) {
	who, err := s.actor(r)
	if err == nil && who == nil {
		err = &apiError{Status: http.StatusUnauthorized, Message: "Requires authentication"}
	}
	if err != nil {
		return answer{}, err
	}
	if r.URL.Path != "/rate_limit" { // this call is free
		err = s.limits.take(who, resourceOf(r), r.Method, s.now())
	}
	s.limits.header(who, resourceOf(r), s.now(), header)
	if err != nil {
		return answer{}, err
	}
	return next(who)
}

// render returns the body. A client that already has it gets 304 instead.
func (a *answer) render(r *http.Request) []byte {
	if a.body == nil {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a.body); err != nil {
		a.status = http.StatusInternalServerError
		return fmt.Appendf(nil, `{"message":%q}`, err)
	}
	a.header.Set("Content-Type", "application/json; charset=utf-8")
	if r.Method != http.MethodGet || a.status != http.StatusOK {
		return b.Bytes()
	}
	// Another token gets another ETag.
	etag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(append(b.Bytes(), r.Header.Get("Authorization")...)))
	a.header.Set("ETag", etag)
	a.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding")
	a.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	if r.Header.Get("If-None-Match") == etag {
		a.status = http.StatusNotModified
		return nil
	}
	return b.Bytes()
}

// refund returns the call, because a 304 costs nothing.
func (s *Server) refund(r *http.Request, header http.Header) {
	if who, err := s.actor(r); err == nil && who != nil && r.URL.Path != "/rate_limit" {
		s.limits.of(who, resourceOf(r), s.now()).used--
		s.limits.header(who, resourceOf(r), s.now(), header)
	}
}

// decode parses the JSON body of a request.
func (r *restRequest) decode(into any) error {
	if err := json.Unmarshal(r.body, into); err != nil {
		return &apiError{Status: http.StatusBadRequest, Message: "Problems parsing JSON"}
	}
	return nil
}
