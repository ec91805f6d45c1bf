package render

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
)

// identity returns variables that describe the original job. Prow's own variables
// describe the rehearsal. The names are Prow's with a prefix.
func identity(job Job) []corev1.EnvVar {
	env := []corev1.EnvVar{
		{Name: "REHEARSAL", Value: "true"},
		{Name: "REHEARSAL_JOB_NAME", Value: job.Name},
		{Name: "REHEARSAL_JOB_TYPE", Value: string(job.Type)},
	}
	if job.Repo == "" {
		return env
	}
	org, repo := splitRepo(job.Repo)
	return append(env,
		corev1.EnvVar{Name: "REHEARSAL_REPO_OWNER", Value: org},
		corev1.EnvVar{Name: "REHEARSAL_REPO_NAME", Value: repo},
		corev1.EnvVar{Name: "REHEARSAL_BASE_REF", Value: job.Branch},
	)
}

// setEnv sets the variables in every container. Jobs with side effects rely on them, so
// they replace variables of the same names that the job sets (such as a default of
// REHEARSAL=false).
func setEnv(pod *corev1.PodSpec, env []corev1.EnvVar) {
	for e := range environments(pod) {
		*e.vars = withEnv(*e.vars, env)
	}
}

// environment is where a container gets its variables from.
type environment struct {
	vars *[]corev1.EnvVar
	from []corev1.EnvFromSource
}

// environments returns the environments of all containers, including init containers.
func environments(pod *corev1.PodSpec) iter.Seq[environment] {
	return func(yield func(environment) bool) {
		for i := range pod.InitContainers {
			if c := &pod.InitContainers[i]; !yield(environment{&c.Env, c.EnvFrom}) {
				return
			}
		}
		for i := range pod.Containers {
			if c := &pod.Containers[i]; !yield(environment{&c.Env, c.EnvFrom}) {
				return
			}
		}
		for i := range pod.EphemeralContainers {
			if c := &pod.EphemeralContainers[i]; !yield(environment{&c.Env, c.EnvFrom}) {
				return
			}
		}
	}
}

func withEnv(own, env []corev1.EnvVar) []corev1.EnvVar {
	ours := map[string]bool{}
	for _, e := range env {
		ours[e.Name] = true
	}
	var out []corev1.EnvVar
	for _, e := range own {
		if !ours[e.Name] {
			out = append(out, e)
		}
	}
	return append(out, env...)
}
