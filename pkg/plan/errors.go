package plan

import (
	"regexp"
	"strconv"
	"strings"
)

var yamlLine = regexp.MustCompile(`\bline (\d+)`)

// lineIn returns the line number that a message speaks of, or 0.
func lineIn(message string) int {
	found := yamlLine.FindStringSubmatch(message)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return n
}

// lineOfJob returns the line on which a file names a job, or 0.
func lineOfJob(content, name string) int {
	re, err := regexp.Compile(`(?m)^[\s-]*["']?name["']?:\s*["']?` + regexp.QuoteMeta(name) + `["']?\s*(#.*)?$`)
	if err != nil || name == "" {
		return 0
	}
	return lineAt(content, re.FindStringIndex(content))
}

var structField = regexp.MustCompile(`struct field [A-Za-z0-9_.]*\.([A-Za-z0-9_]+) of type`)

// lineOfField returns the line of the only field that a decoding error can be
// about, or 0 when the file has several of that name.
func lineOfField(content, message string) int {
	found := structField.FindStringSubmatch(message)
	if found == nil {
		return 0
	}
	re, err := regexp.Compile(`(?m)^[\s-]*["']?` + regexp.QuoteMeta(found[1]) + `["']?:`)
	if err != nil {
		return 0
	}
	all := re.FindAllStringIndex(content, 2)
	if len(all) != 1 {
		return 0
	}
	return lineAt(content, all[0])
}

func lineAt(content string, match []int) int {
	if match == nil {
		return 0
	}
	// The expression may have started on blank lines before.
	start := match[1] - len(strings.TrimLeft(content[match[0]:match[1]], " \t\r\n-"))
	return strings.Count(content[:start], "\n") + 1
}
