// SPDX-License-Identifier: Apache-2.0

package suite

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/record"
)

func TestASpecThatLoadsPasses(t *testing.T) {
	r := carry(t, newFake(nil), spec{id: "fake.first", body: func(s *Session) {
		Expect(s.Load(good)).To(BeOK())
		Expect(s.MustLoad(good).Map("m").ValueSize).To(Equal(uint32(8)))
	}})
	if r.err != nil || !r.ended() {
		t.Fatalf("run: %v, ended: %v", r.err, r.ended())
	}
	if f := r.finishes()["fake.first"]; f.Outcome != record.Passed {
		t.Errorf("outcome %+v", f)
	}
}
