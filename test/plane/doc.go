// Package plane is an installation whose parts can be killed one by one: etcd, the API
// server, the controllers and receivers, and the pods of the tasks are processes of
// their own, and config/ is applied as it is. GitHub is test/github; Tekton, the kubelet
// and Prow are played by a Player, which runs the real tasks.
//
//	p := plane.Start(t, plane.Options{Controllers: 2, Receivers: 2})
//	pull := p.OpenPull("pull-unit", "pull-e2e")        // affects these jobs
//	p.Say(pull, "bob", "/pj-rehearse")
//	p.Controllers[0].Kill()                            // it is started again
//	p.API.Stop(); p.API.Start()                        // on the same data
//	p.Etcd.Freeze(); p.Etcd.Thaw()
//
// Everybody reaches the API server, and controllers GitHub, through a Gate of their own,
// which adds who they are, counts what they ask, and can kill them just before or just
// after one of their writes. It is for tests with KUBEBUILDER_ASSETS (make integration).
package plane
