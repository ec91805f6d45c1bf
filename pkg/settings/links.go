package settings

import "fmt"

// PullPage returns the URL of the page of a pull request. GitHub serves pages and Git at
// the same host.
func (g GitHub) PullPage(org, repo string, number int) string {
	return fmt.Sprintf("%s/%s/%s/pull/%d", g.GitEndpoint, org, repo, number)
}

// CommentPage returns the URL of the page of a pull request, at one of its comments.
func (g GitHub) CommentPage(org, repo string, number int, comment int64) string {
	return fmt.Sprintf("%s#issuecomment-%d", g.PullPage(org, repo, number), comment)
}
