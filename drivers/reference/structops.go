// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"fmt"
	"math"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// setMember changes a member of a structure of an object that is open.
func (s *session) setMember(q loader.Set) error {
	structure := s.object.StructOps(q.Name)
	switch q.Attr {
	case loader.MemberProgram:
		return with(q.Value, func(name string) error {
			if name == "" {
				return structure.Set(q.Member, nil)
			}
			p := s.object.Program(name)
			if p == nil {
				return fmt.Errorf("no program %s: %w", name, loaderimpl.ClassNotFound)
			}
			return structure.Set(q.Member, p)
		})
	case loader.MemberValue:
		return structure.Set(q.Member, exactly(q.Value))
	}
	return fmt.Errorf("%s of a structure: %w", q.Attr, errAttribute)
}

// exactly returns a whole number as Go's int or uint, which the loader fits to the member. Over the
// wire numbers are float64; linked in they are what the suite's Go code says.
func exactly(value any) any {
	switch v := value.(type) {
	case float64:
		switch {
		case v != math.Trunc(v):
		case v >= 0 && v < 1<<63:
			return uint(v)
		case v < 0 && v >= -(1<<63):
			return int(v)
		}
	case uint32:
		return uint(v)
	case uint64:
		return uint(v)
	}
	return value
}

// registerStructure has the kernel call a structure, and keeps the registration under a handle.
func (s *session) registerStructure(q loader.Attach) loader.Reply {
	if s.loaded == nil {
		return &loader.Error{Message: "the session is not loaded"}
	}
	registered, err := s.loaded.Register(q.Program)
	if err != nil {
		return rejected(err)
	}
	return &loader.OK{Handle: s.keep(registered), LinkID: registered.LinkID()}
}

// update puts another structure in the place of one that is registered.
func (s *session) update(q loader.Update) loader.Reply {
	registered, ok := s.attached[q.Handle].(*loaderimpl.Registration)
	if !ok {
		return &loader.Error{Message: fmt.Sprintf("handle %q is of no structure", q.Handle)}
	}
	var expected *ebpf.Map
	if q.Expected != "" {
		var err error
		if expected, err = s.loaded.Map(q.Expected); err != nil {
			return rejected(err)
		}
	}
	return reply(registered.Update(s.loaded, q.Program, expected))
}

// linkOf returns the link of an attachment.
func (s *session) linkOf(name string) (handle, loader.Reply) {
	registered, ok := s.attached[name].(*loaderimpl.Registration)
	if !ok || registered.LinkID() == 0 {
		return nil, &loader.Error{Message: fmt.Sprintf("handle %q has no link", name)}
	}
	return registered, nil
}
