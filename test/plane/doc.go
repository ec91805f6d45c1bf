// Package plane runs an installation whose parts can be killed one by one: etcd, the API
// server, the controllers and receivers, and the pods of the tasks are processes of their
// own, and config/ is applied unchanged. GitHub is test/github; Tekton, the kubelet and
// Prow are simulated by a Player, which runs the real tasks.
//
//	p := plane.Start(t, plane.Options{Controllers: 2, Receivers: 2})
//	pull := p.OpenPull("pull-unit", "pull-e2e")        // affects these jobs
//	p.Say(pull, "bob", "/pj-rehearse")
//	p.Controllers[0].Kill()                            // it is started again
//	p.API.Stop(); p.API.Start()                        // on the same data
//	p.Etcd.Freeze(); p.Etcd.Thaw()
//
// Each process reaches the API server through a Gate of its own, and controllers also
// GitHub. The Gate adds the identity, counts the calls, and can kill the process just
// before or just after one of its writes. The package is for tests with KUBEBUILDER_ASSETS
// (make integration).
package plane
