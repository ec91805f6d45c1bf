package report

import (
	"fmt"
	"strings"
)

// maxAnswers is the maximum number of answered commands in one text.
const maxAnswers = 10

// Answers combines the answers to the commands of one text into one comment. Each answer is
// a whole comment or a part of one. As many as fit are shown. More is the number of lines
// without an answer of their own because they are like others. Last is a final sentence;
// usually empty.
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

// LastAnswer is added to the last answer that a person gets within an hour.
func LastAnswer(most int) string {
	return fmt.Sprintf("This is the last of the %s answers that you can get in an hour on this repository. Further questions get no answer.", count(most))
}

// TooManyQuestions is the reason why a question gets no answer.
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
