package github

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/graph-gophers/graphql-go"
)

//go:embed schema.graphql
var graphqlSchema string

// GraphQLSchema returns the supported part of GitHub's GraphQL schema.
func GraphQLSchema() string { return graphqlSchema }

// GraphQLURL returns the URL of that API, as on GitHub Enterprise.
func (s *Server) GraphQLURL() string { return s.baseURL + "/api/graphql" }

// graphqlHandler serves the API. Resolvers run one after the other, because they share the
// lock that the call holds.
func (s *Server) graphqlHandler() http.Handler {
	schema := graphql.MustParseSchema(graphqlSchema, &graphqlRoot{},
		graphql.UseFieldResolvers(), graphql.MaxParallelism(1))
	routes := &router{other: s.serve(func(*restRequest) (answer, error) { return answer{}, errNotFound })}
	routes.handle("POST /graphql", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serveGraphQL(w, r, schema)
	}))
	return s.counted(routes, s.failing(routes))
}

type graphqlCall struct {
	Query     string         `json:"query"`
	Operation string         `json:"operationName"`
	Variables map[string]any `json:"variables"`
}

func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request, schema *graphql.Schema) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	header := http.Header{}
	s.mu.Lock()
	a, err := s.permitted(r, header, func(who *actor) (answer, error) {
		call := &restRequest{Request: r, s: s, user: who.user, who: who, body: body}
		return call.graphql(schema)
	})
	s.mu.Unlock()
	if err != nil {
		e := asAPIError(err)
		a = answer{status: e.Status, body: e.body()}
	}
	payload, err := json.Marshal(a.body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for key, values := range header {
		w.Header()[key] = values
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	if _, err := w.Write(payload); err != nil {
		s.log.Debug("client went away", "path", r.URL.Path, "error", err)
	}
}

// graphql answers a call. Like GitHub, it returns errors in a query with status 200.
func (r *restRequest) graphql(schema *graphql.Schema) (answer, error) {
	if r.who.app != nil {
		return answer{}, &apiError{Status: http.StatusForbidden, Message: notForApps}
	}
	var in graphqlCall
	if err := r.decode(&in); err != nil {
		return answer{}, err
	}
	ctx := context.WithValue(r.Context(), graphqlCaller{}, r)
	return ok(schema.Exec(ctx, in.Query, in.Operation, in.Variables))
}

// graphqlCaller is the context key of the call for its resolvers.
type graphqlCaller struct{}

// graphqlScalar is a value of one of GitHub's scalar types, which are strings.
type graphqlScalar string

// ImplementsGraphQLType is required by the library.
func (graphqlScalar) ImplementsGraphQLType(string) bool { return true }

// UnmarshalGraphQL is required by the library: no argument has such a type.
func (*graphqlScalar) UnmarshalGraphQL(any) error {
	return errors.New("there is no argument of this type")
}

type graphqlRoot struct{}

type graphqlRateLimit struct {
	Cost, Limit, Remaining, Used int32
	ResetAt                      graphqlScalar
}

// RateLimit returns the remaining calls. Every query costs one call.
func (graphqlRoot) RateLimit(ctx context.Context) *graphqlRateLimit {
	r := ctx.Value(graphqlCaller{}).(*restRequest)
	l := &r.s.limits
	b := l.of(r.who, resourceGraphQL, r.s.now())
	return &graphqlRateLimit{
		Cost: 1, Limit: int32(l.perHour), Remaining: int32(l.perHour - b.used), Used: int32(b.used),
		ResetAt: graphqlScalar(timestamp(b.resets)),
	}
}
