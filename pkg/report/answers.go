package report

import (
	"fmt"
	"strings"
)

// maxAnswers bounds how many commands of one text are answered.
const maxAnswers = 10

// Answers puts the answers to the commands of one text into one comment. Each is a
// whole comment, or what can be a part of one. As many as fit are shown; more counts
// the lines that have no answer of their own, being like another. Last is a sentence
// for the end; mostly empty.
func Answers(commandID string, answers []string, more int, last string) string {
	const rule = "\n\n---\n\n"
	var b strings.Builder
	left := 0
	for i, answer := range answers {
		part := strings.TrimSpace(withoutMarker(answer))
		if i > 0 && (i >= maxAnswers || left > 0 || b.Len()+len(rule)+len(part) > MaxBody) {
			left++
			continue
		}
		if i > 0 {
			b.WriteString(rule)
		}
		b.WriteString(part)
	}
	if more > 0 {
		fmt.Fprintf(&b, "\n\n… and %s like these in that comment.", plural(more, "more line"))
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n\n… and %s in that comment without an answer, for lack of space. Write them in separate comments.", plural(left, "more line"))
	}
	if last != "" {
		b.WriteString("\n\n<sub>" + text(last) + "</sub>")
	}
	return b.String() + "\n\n" + AnswerMarker(commandID) + "\n"
}

// LastAnswer is said with the last answer that somebody has within an hour.
func LastAnswer(most int) string {
	return fmt.Sprintf("This is the last of the %s answers that you can get in an hour on this repository. Further questions get no answer.", count(most))
}

// TooManyQuestions is why a question has no answer.
func TooManyQuestions() string {
	return "You have reached the limit of answers in an hour. Ask again later."
}

func withoutMarker(body string) string {
	marker, ok := FindMarker(body)
	if !ok {
		return body
	}
	return strings.TrimSuffix(strings.TrimSpace(body), marker)
}
