// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"path/filepath"
	"runtime"
)

// A spec is what a suite registered under one id.
type spec struct {
	id     string // a requirement's, or a requirement's with a variant
	body   func(*Session)
	place  string // file:line of the registration
	hidden bool   // not in the catalogue: for the harness's own tests
}

// registered are the specs of every suite that is linked in, in the order of registration. It is filled by package initialisation and read
// after that.
var registered []spec

// Registration is what a registration returns, so that it can stand at package level.
type Registration struct{}

// It registers the spec of that id.
func It(id string, body func(*Session)) Registration {
	return register(spec{id: id, body: body, place: caller()})
}

// A Variant is one entry of a table: the part of the spec's id behind the slash.
type Variant interface{ Variant() string }

// Table registers one spec for each entry, with the id requirement/variant.
func Table[E Variant](requirement string, body func(*Session, E), entries []E) Registration {
	place := caller()
	for _, e := range entries {
		register(spec{id: requirement + "/" + e.Variant(), body: func(s *Session) { body(s, e) }, place: place})
	}
	return Registration{}
}

// Refusal registers the spec that bad is refused at stage with one of classes and that nothing stays in the kernel, where control, the same
// object without the fault, is loaded. See [Session.Refuses].
func Refusal(id string, control, bad Object, stage Stage, classes ...Class) Registration {
	body := func(s *Session) { s.Refuses(control, bad, stage, classes...) }
	return register(spec{id: id, body: body, place: caller()})
}

// Hidden registers a spec that is in no catalogue and checks no requirement. It runs when an order names it: the harness tests itself with it.
func Hidden(id string, body func(*Session)) Registration {
	return register(spec{id: id, body: body, place: caller(), hidden: true})
}

func register(s spec) Registration {
	registered = append(registered, s)
	return Registration{}
}

// caller is the place of the caller's caller, as folder/file.go:line.
func caller() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s/%s:%d", filepath.Base(filepath.Dir(file)), filepath.Base(file), line)
}
