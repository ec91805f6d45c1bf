package report

// Excerpt picks the lines of a job's log that say why it failed.
func Excerpt(log string, secrets []string) []string {
	return nil
}

func TimeoutOf(log string) (string, bool) { return "", false }

func Censor(s string, secrets []string) string { return s }
