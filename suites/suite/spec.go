// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// A Registration lets a call that registers a spec stand at package level.
type Registration struct{}

// It registers the spec of that id.
func It(id string, body func(*Session)) Registration {
	return register(runner.Spec{ID: id, Place: caller()}, body)
}

// A Case holds one entry of a [Table].
type Case[T any] struct {
	Name string // the part of the spec's id behind the slash
	Of   T      // what the spec is about
}

// Entry returns the case of that name.
func Entry[T any](name string, of T) Case[T] { return Case[T]{Name: name, Of: of} }

// Table registers one spec for each case, with the id requirement/name.
func Table[T any](requirement string, body func(*Session, T), cases ...Case[T]) Registration {
	place := caller()
	for _, c := range cases {
		register(runner.Spec{ID: requirement + "/" + c.Name, Place: place},
			func(s *Session) { body(s, c.Of) })
	}
	return Registration{}
}

// Refusal registers the spec that bad is refused at stage with one of classes and that nothing
// stays in the kernel, where control, the same object without the fault, is loaded. See
// [Session.Refuses].
func Refusal(id string, control, bad Object, stage Stage, classes ...Class) Registration {
	body := func(s *Session) { s.Refuses(control, bad, stage, classes...) }
	return register(runner.Spec{ID: id, Place: caller()}, body)
}

// Hidden registers a spec that is in no catalogue and checks no requirement. It runs when an order
// names it: the harness tests itself with it.
func Hidden(id string, body func(*Session)) Registration {
	return register(runner.Spec{ID: id, Place: caller(), Hidden: true}, body)
}

// HiddenEach registers a hidden spec for every variant of an id.
func HiddenEach(id string, body func(*Session)) Registration {
	return register(runner.Spec{ID: id, Place: caller(), Hidden: true, Each: true}, body)
}

func register(spec runner.Spec, body func(*Session)) Registration {
	spec.Body = func(x *runner.Execution) { body(newSession(x)) }
	runner.Register(spec)
	return Registration{}
}

// caller returns the place of the caller's caller, as folder/file.go:line.
func caller() string {
	_, file, line, _ := runtime.Caller(2)
	return fmt.Sprintf("%s/%s:%d", filepath.Base(filepath.Dir(file)), filepath.Base(file), line)
}
