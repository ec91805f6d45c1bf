package main

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"
)

// A family is one of the two protocols of iptables.
type family struct {
	command  string
	save     string
	restore  string
	protocol byte
	required bool
}

var families = []family{
	{command: "iptables", save: "iptables-save", restore: "iptables-restore", protocol: protocolIPv4, required: true},
	{command: "ip6tables", save: "ip6tables-save", restore: "ip6tables-restore", protocol: protocolIPv6},
}

// ownChains are the prefixes of the chains that kube-proxy, the kubelet, the CNI plugins
// and we create.
var ownChains = []string{"KUBE-", "CNI-", "REHEARSAL-"}

// cleanupRules turns the output of iptables-save into an input of iptables-restore
// --noflush that removes our chains: foreign rules that jump to one are deleted, then the
// chains are flushed and deleted. It is empty if there is nothing to do.
func cleanupRules(saved string) string {
	var out strings.Builder
	for _, table := range parseTables(saved) {
		var chains, jumps []string
		for chain := range table.chains {
			if isOwnChain(chain) {
				chains = append(chains, chain)
			}
		}
		for _, rule := range table.rules {
			if chain, target := ruleEnds(rule); !isOwnChain(chain) && isOwnChain(target) {
				jumps = append(jumps, "-D"+strings.TrimPrefix(rule, "-A"))
			}
		}
		if len(chains)+len(jumps) == 0 {
			continue
		}
		sort.Strings(chains)
		out.WriteString("*" + table.name + "\n")
		for _, jump := range jumps {
			out.WriteString(jump + "\n")
		}
		for _, chain := range chains {
			out.WriteString("-F " + chain + "\n")
		}
		for _, chain := range chains {
			out.WriteString("-X " + chain + "\n")
		}
		out.WriteString("COMMIT\n")
	}
	return out.String()
}

type table struct {
	name   string
	chains map[string]string // name → policy; "-" for user-defined chains
	rules  []string
}

func parseTables(saved string) []table {
	var tables []table
	for _, line := range strings.Split(saved, "\n") {
		if name, ok := strings.CutPrefix(line, "*"); ok {
			tables = append(tables, table{name: name, chains: map[string]string{}})
			continue
		}
		if len(tables) == 0 {
			continue
		}
		current := &tables[len(tables)-1]
		switch {
		case strings.HasPrefix(line, ":"):
			if fields := strings.Fields(line[1:]); len(fields) > 1 {
				current.chains[fields[0]] = fields[1]
			}
		case strings.HasPrefix(line, "-A "):
			current.rules = append(current.rules, line)
		}
	}
	return tables
}

// ruleEnds returns the chain of a rule and the chain to which it jumps or goes.
func ruleEnds(rule string) (chain, target string) {
	fields := strings.Fields(rule)
	for i := 0; i+1 < len(fields); i++ {
		switch fields[i] {
		case "-A":
			chain = fields[i+1]
		case "-j", "-g":
			target = fields[i+1]
		}
	}
	return chain, target
}

func isOwnChain(chain string) bool {
	for _, prefix := range ownChains {
		if strings.HasPrefix(chain, prefix) {
			return true
		}
	}
	return false
}

// emptyTables are the tables that did not exist before and have neither rules nor
// user-defined chains: the nft back end creates a table when it is first used, and never
// deletes it.
func emptyTables(before []string, after string) []string {
	var empty []string
	for _, table := range parseTables(after) {
		if !slices.Contains(before, table.name) && len(table.rules) == 0 && untouched(table.chains) {
			empty = append(empty, table.name)
		}
	}
	return empty
}

// untouched reports whether all chains are built-in ones with their default policy.
func untouched(chains map[string]string) bool {
	for _, policy := range chains {
		if policy != "ACCEPT" {
			return false
		}
	}
	return true
}

// removeRules removes our rules from both families.
func removeRules(ctx context.Context, l layout) error {
	was, err := readMachine(l)
	if err != nil {
		return err
	}
	var failed []error
	for _, family := range families {
		saved, err := output(ctx, family.save)
		if err != nil {
			if family.required {
				failed = append(failed, err)
			}
			continue
		}
		if script := cleanupRules(saved); script != "" {
			if _, err := runIn(ctx, "", nil, script, family.restore, "--noflush", "-w"); err != nil {
				failed = append(failed, err)
			}
		}
		if noted, ok := was.Tables[family.save]; ok {
			failed = append(failed, removeEmptyTables(ctx, family, noted))
		}
	}
	return errors.Join(append(failed, deleteAccounting(proxyAccounting))...)
}

func removeEmptyTables(ctx context.Context, family family, before []string) error {
	if version, err := output(ctx, family.command, "--version"); err != nil || !strings.Contains(version, "nf_tables") {
		return err
	}
	after, err := output(ctx, family.save)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range emptyTables(before, after) {
		failed = append(failed, deleteTable(family.protocol, name))
	}
	return errors.Join(failed...)
}
