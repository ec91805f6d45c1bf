module github.com/rehearsal-dev/rehearsal/test/cluster

go 1.26.4
