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

// exactly returns a number that came over the wire as the integer that it is, where it is one.
func exactly(value any) any {
	f, ok := value.(float64)
	switch {
	case !ok || f != math.Trunc(f):
		return value
	case f >= 0 && f < 1<<63:
		return uint64(f)
	case f < 0 && f >= -(1<<63):
		return int64(f)
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
