// Package rig is shared by the demonstration and the end-to-end tests. It finds the local
// cluster, deploys to it, makes config repositories on the GitHub stand-in, and waits for
// conditions, with errors that say what was found instead. It contains no assertions.
package rig
