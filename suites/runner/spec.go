// SPDX-License-Identifier: Apache-2.0

package runner

// A Spec holds what a suite registers under one id.
type Spec struct {
	ID     string           // a requirement's, or a requirement's with a variant behind a slash
	Body   func(*Execution) // returns, or fails the spec, or ends it
	Place  string           // folder/file.go:line of the registration
	Hidden bool             // in no catalogue: for the harness's own tests
}

// registered holds the specs of every suite that is linked in, in the order of registration.
// Package initialisation fills it; it is only read after that.
var registered []Spec

// Register adds a spec to those that can be ordered.
func Register(s Spec) { registered = append(registered, s) }
