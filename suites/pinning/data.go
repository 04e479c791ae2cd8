// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"strings"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// data returns the loader's name for the map of an opened object's section .data. Loaders rightly
// differ in it.
func data(s *Session, opened *Attempt) string {
	for _, name := range opened.MapNames() {
		if strings.HasSuffix(name, ".data") {
			return name
		}
	}
	return ".data"
}

var _ = It("pinning.data.on-request", func(s *Session) {
	folder := keeping(s, "data")
	loaded := s.MustLoad(objects.Pinning.Global)
	name := data(s, loaded)
	loaded.Run("count")
	Expect(loaded.PinMap(name, folder+"/data")).To(BeOK())
	loaded.Run("count")
	loaded.Close()
	Expect(s.PinnedValue(folder+"/data", U32(0))).To(Equal(U64(42)))
})

var _ = It("pinning.data.reused", func(s *Session) {
	folder := keeping(s, "data")
	load := func() (loaded *Attempt, name string) {
		opened := s.Open(objects.Pinning.Global)
		name = data(s, opened)
		return opened.SetMap(name, PinPath, folder+"/data").MustLoad(), name
	}
	first, name := load()
	first.Run("count")
	id := first.MapID(name)
	first.Close()
	again, name := load()
	again.Run("count")
	Expect(again.MapID(name)).To(Equal(id))
	Expect(s.PinnedValue(folder+"/data", U32(0))).To(Equal(U64(42)))
})
