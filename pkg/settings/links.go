package settings

import "fmt"

// PullPage is the page of a pull request. GitHub serves pages where it serves git.
func (g GitHub) PullPage(org, repo string, number int) string {
	return fmt.Sprintf("%s/%s/%s/pull/%d", g.GitEndpoint, org, repo, number)
}

// CommentPage is the page of a pull request at one of its comments.
func (g GitHub) CommentPage(org, repo string, number int, comment int64) string {
	return fmt.Sprintf("%s#issuecomment-%d", g.PullPage(org, repo, number), comment)
}
