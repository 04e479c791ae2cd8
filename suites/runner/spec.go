// SPDX-License-Identifier: Apache-2.0

package runner

import "strings"

// A Spec holds what a suite registers under one id.
type Spec struct {
	ID     string           // a requirement's, or a requirement's with a variant behind a slash
	Body   func(*Execution) // returns, or fails the spec, or ends it
	Place  string           // folder/file.go:line of the registration
	Hidden bool             // in no catalogue: for the harness's own tests, and for objects
	Each   bool             // every variant of the ID is one: there is one for each brought object
}

// is reports whether an order means the spec by an id.
func (s Spec) is(id string) bool {
	if s.Each {
		return strings.HasPrefix(id, s.ID+"/")
	}
	return id == s.ID
}

// registered holds the specs of every suite that is linked in, in the order of registration.
// Package initialisation fills it; it is only read after that.
var registered []Spec

// Register adds a spec to those that can be ordered.
func Register(s Spec) { registered = append(registered, s) }
