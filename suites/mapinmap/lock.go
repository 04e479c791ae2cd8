// SPDX-License-Identifier: Apache-2.0

package mapinmap

import (
	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// Kernels before 6.2 take no map with a lock into a map of maps (bpf_map_meta_alloc). Later ones
// compare where the lock is (bpf_map_meta_equal).

var _ = It("mapinmap.lock.taken-or-refused", func(s *Session) {
	before := s.Kernel()
	s.Control(objects.MapInMap.MismatchNone)
	loaded := s.Load(objects.MapInMap.LockSame)
	if !loaded.OK() {
		Expect(loaded).To(BeRejected(AtCreate, NotSupported, Invalid))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
		return
	}
	expectLocked(loaded)
})

var _ = It("mapinmap.lock.taken", func(s *Session) {
	expectLocked(s.MustLoad(objects.MapInMap.LockSame))
})

var _ = It("mapinmap.lock.other-refused", func(s *Session) {
	s.Refuses(objects.MapInMap.MismatchNone, objects.MapInMap.LockOther, AtCreate, Invalid,
		NotSupported)
})

// expectLocked expects that a program takes the lock of the map in slot 0.
func expectLocked(loaded *Attempt) {
	ginkgo.GinkgoHelper()
	Expect(slots(loaded, "outer")).To(Equal(map[uint32]uint32{0: loaded.MapID("inner_zero")}))
	loaded.Run("locked_count")
	Expect(loaded.Lookup("inner_zero", U32(0))).To(HaveSuffix(string(U32(1))))
}
