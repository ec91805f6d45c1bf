package main

import (
	"context"
	"errors"
	"os"
	"sort"
	"strings"
)

// A family is one of iptables' two protocols.
type family struct {
	command  string
	save     string
	restore  string
	required bool
}

var families = []family{
	{command: "iptables", save: "iptables-save", restore: "iptables-restore", required: true},
	{command: "ip6tables", save: "ip6tables-save", restore: "ip6tables-restore"},
}

// ownChains are the prefixes of the chains that kube-proxy, the kubelet, the
// CNI plugins and we create.
var ownChains = []string{"KUBE-", "CNI-", "REHEARSAL-"}

// cleanupRules turns what iptables-save printed into what iptables-restore
// --noflush must read to be rid of our chains: foreign rules that jump to one
// are deleted, then the chains are flushed and deleted. It is empty when
// there is nothing to do.
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
	chains map[string]bool
	rules  []string
}

func parseTables(saved string) []table {
	var tables []table
	for _, line := range strings.Split(saved, "\n") {
		if name, ok := strings.CutPrefix(line, "*"); ok {
			tables = append(tables, table{name: name, chains: map[string]bool{}})
			continue
		}
		if len(tables) == 0 {
			continue
		}
		current := &tables[len(tables)-1]
		switch {
		case strings.HasPrefix(line, ":"):
			current.chains[strings.Fields(line[1:])[0]] = true
		case strings.HasPrefix(line, "-A "):
			current.rules = append(current.rules, line)
		}
	}
	return tables
}

// ruleEnds returns the chain a rule is in and the one it jumps or goes to.
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

// emptyTables are the tables with no rule and no chain of anyone's that did
// not exist before: the nft back end makes a table when it is first used, and
// gives it up only when asked.
func emptyTables(before, after string) []string {
	known := map[string]bool{}
	for _, table := range parseTables(before) {
		known[table.name] = true
	}
	var empty []string
	for _, table := range parseTables(after) {
		if !known[table.name] && len(table.rules) == 0 && onlyBuiltin(table.chains) {
			empty = append(empty, table.name)
		}
	}
	return empty
}

func onlyBuiltin(chains map[string]bool) bool {
	builtin := map[string]bool{"PREROUTING": true, "INPUT": true, "FORWARD": true, "OUTPUT": true, "POSTROUTING": true}
	for chain := range chains {
		if !builtin[chain] {
			return false
		}
	}
	return true
}

// removeRules takes our rules out of both families.
func removeRules(ctx context.Context, l layout) error {
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
		failed = append(failed, removeEmptyTables(ctx, l, family))
	}
	return errors.Join(failed...)
}

func removeEmptyTables(ctx context.Context, l layout, family family) error {
	before, err := os.ReadFile(l.config(family.save + ".before"))
	if err != nil {
		return nil // nothing was noted, so nothing was made
	}
	after, err := output(ctx, family.save)
	if err != nil {
		return err
	}
	for _, name := range emptyTables(string(before), after) {
		// Only the nft back end can do this; the other never had to.
		_, _ = output(ctx, family.command, "-w", "-t", name, "-X")
	}
	return nil
}
