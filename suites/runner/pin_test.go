// SPDX-License-Identifier: Apache-2.0

package runner_test

import (
	"os"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/record"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

func TestFilesInPlaceOfPinsAreLookedAt(t *testing.T) {
	r := carry(t, newFake(nil), spec{id: "fake.first", body: func(s *Session) {
		s.MustLoad(good)
		folder := s.PinFolder()
		Expect(folder).To(Equal(s.BPFFS() + "/tc/globals"))
		path := folder + "/file"
		Expect(s.Pin(path)).To(BeNoPin())
		pin := s.PutPin(path, func(ours string) error { return os.WriteFile(ours, nil, 0o600) })
		Expect(s.Pin(path)).NotTo(BeNoPin())
		Expect(s.Pin(path)).To(BeUntouchedSince(pin))
		Expect(s.PinsIn(folder)).To(ConsistOf("file"))
		s.RemovePin(path)
		Expect(s.Pin(path)).To(BeNoPin())
		Expect(s.PinsIn(folder + "/missing")).To(BeEmpty())
	}})
	if got := r.finishes()["fake.first"]; got.Outcome != record.Passed {
		t.Errorf("%+v", got)
	}
}

func TestAMapIsExpectedWhereItIsReadFromAPin(t *testing.T) {
	for _, body := range []func(s *Session){
		func(s *Session) { s.PinnedMap(s.BPFFS() + "/m") },
		func(s *Session) { s.PinnedValue(s.BPFFS()+"/m", []byte{0, 0, 0, 0}) },
	} {
		got := carry(t, newFake(nil), spec{id: "fake.first", body: body}).finishes()["fake.first"]
		if got.Outcome != record.Failed || got.Expected != "a map at /bpf/1/m" || got.Seen != "nothing at /bpf/1/m" {
			t.Errorf("%+v", got)
		}
	}
}
