// SPDX-License-Identifier: Apache-2.0

package xdphints

import (
	"bytes"
	"debug/elf"
	"fmt"
	"path"

	"github.com/cilium/ebpf/btf"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// rawTypes returns the BTF of an object, without its file.
func rawTypes(o objects.Object) ([]byte, error) {
	file, err := elf.NewFile(bytes.NewReader(o.ELF()))
	if err != nil {
		return nil, fmt.Errorf("%v: %w", o, err)
	}
	section := file.Section(".BTF")
	if section == nil {
		return nil, fmt.Errorf("%v has no BTF", o)
	}
	return section.Data()
}

// typesOf returns the types of an object, as the suite knows them by itself.
func typesOf(s *Session, o objects.Object) *btf.Spec {
	raw, err := rawTypes(o)
	s.MustWork(err)
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	s.MustWork(err)
	return spec
}

// putTypes writes the BTF of an object into a file, raw, and returns its path for the loader.
func putTypes(s *Session, o objects.Object) string {
	raw, err := rawTypes(o)
	s.MustWork(err)
	file := path.Join(s.Work(), o.Name()+".btf")
	s.PutFile(file, raw)
	return file
}

// against has a loader do CO-RE against the types of an object.
func against(s *Session, types objects.Object) Option { return KernelTypes(putTypes(s, types)) }

// answersOf runs a program, which has to come to its end, and returns what it told.
func answersOf(a *Attempt, packet []byte, places int) []uint64 {
	Expect(a.RunOver("reader", packet)).To(Equal(uint32(1)), "what the program returns")
	answers := make([]uint64, places)
	for i := range answers {
		answers[i] = Number64(a.Lookup("answers", U32(uint32(i))))
	}
	return answers
}

// packet returns one in which the structure has no bits set.
func packet() []byte { return make([]byte, metaAt+metaMost) }

// structIn returns the structure that programs ask for, by the name that it has there.
func structIn(s *Session, types *btf.Spec, name string) btf.Type {
	t, err := types.AnyTypeByName(name)
	s.MustWork(err)
	return t
}
