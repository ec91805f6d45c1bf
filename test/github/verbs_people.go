package github

import (
	"context"
	"slices"
	"strings"
)

// SetPermission implements Control.
func (s *Server) SetPermission(_ context.Context, in Permission) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.findRepo(in.Org, in.Repo)
	if err != nil {
		return None{}, err
	}
	if !slices.Contains(roles, in.Role) {
		return None{}, invalid("Repository", "role", "one of "+strings.Join(roles, ", "))
	}
	key := strings.ToLower(s.ensureUser(in.User).login)
	if in.Role == "none" {
		delete(r.roles, key)
	} else {
		r.roles[key] = in.Role
	}
	return None{}, nil
}

// SetMember implements Control.
func (s *Server) SetMember(_ context.Context, in Member) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(s.ensureUser(in.User).login)
	members := s.ensureOrg(in.Org).members
	if in.Remove {
		delete(members, key)
	} else {
		members[key] = in.Public
	}
	return None{}, nil
}

// SetTeamMember implements Control.
func (s *Server) SetTeamMember(_ context.Context, in TeamMember) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, o := strings.ToLower(s.ensureUser(in.User).login), s.ensureOrg(in.Org)
	team := o.teams[in.Team]
	if team == nil {
		team = map[string]string{}
		o.teams[in.Team] = team
	}
	switch {
	case in.Remove:
		delete(team, key)
	case in.Pending:
		team[key] = "pending"
	default:
		team[key] = "active"
		if _, member := o.members[key]; !member {
			o.members[key] = false
		}
	}
	return None{}, nil
}

// AddToken implements Control.
func (s *Server) AddToken(_ context.Context, in Token) (None, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.Token == "" || in.User == "" {
		return None{}, invalid("Token", "token", "token and user are needed")
	}
	s.tokens[in.Token] = s.ensureUser(in.User).login
	return None{}, nil
}
