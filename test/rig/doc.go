// Package rig is what the demonstration and the end-to-end tests share: finding
// the local cluster, deploying to it, making config repositories on the GitHub
// stand-in, waiting for what is to come, and saying what was there instead. It
// asserts nothing by itself.
package rig
