// SPDX-License-Identifier: Apache-2.0

package mapdefs

import (
	"errors"
	"slices"
	"time"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"
	"github.com/loadstone-bpf/loadstone/objects/elfedit"
	"github.com/loadstone-bpf/loadstone/oracle"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// withFields registers the handler of fields that the loader does not know.
var withFields = Handlers(MapFieldHandler)

var _ = It("mapdefs.callback.supply", func(s *Session) {
	before := s.Kernel()
	loaded := s.MustLoad(objects.MapDefs.VendorSupply, withCallback)
	Expect(loaded.Map("m").Name).To(Equal("vendor_supplied"))
	Eventually(newMaps).WithArguments(s, before).WithTimeout(s.Patience(settles)).Should(
		Equal([]string{"vendor_supplied"}))
	loaded.Run("store")
	Expect(loaded.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.callback.supplied-undone", func(s *Session) {
	before := s.Kernel()
	s.Control(objects.MapDefs.VendorTwo, withCallback)
	Expect(s.Load(objects.MapDefs.VendorTwoNoEntries, withCallback)).To(
		BeRejected(AtCreate, Invalid))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("mapdefs.callback.pin", func(s *Session) {
	s.Keep("m")
	first := s.MustLoad(objects.MapDefs.VendorPin, withCallback, PinRoot(s.BPFFS()))
	Expect(s.Pins()).To(ConsistOf("m"))
	first.Run("store")
	id := first.MapID("m")
	first.Close()
	second := s.MustLoad(objects.MapDefs.VendorPin, withCallback, PinRoot(s.BPFFS()))
	Expect(second.MapID("m")).To(Equal(id))
	Expect(second.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.callback.reuse", func(s *Session) {
	s.Keep("m")
	pinned := s.MustLoad(objects.MapDefs.VendorPin, withCallback, PinRoot(s.BPFFS()))
	before := s.Kernel()
	loaded := s.MustLoad(objects.MapDefs.VendorReuse, withCallback, PinRoot(s.BPFFS()))
	Expect(loaded.MapID("m")).To(Equal(pinned.MapID("m")))
	Eventually(newMaps).WithArguments(s, before).WithTimeout(s.Patience(settles)).Should(BeEmpty())
	loaded.Run("store")
	Expect(pinned.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.callback.reuse-missing-refused", func(s *Session) {
	before := s.Kernel()
	s.Control(objects.MapDefs.VendorPlain, withCallback, PinRoot(s.BPFFS()))
	Expect(s.Load(objects.MapDefs.VendorReuse, withCallback, PinRoot(s.BPFFS()))).To(
		BeRejected(AtLoad, NotFound))
	Expect(s.Kernel()).To(HoldNothingBeyond(before))
})

var _ = It("mapdefs.callback.several", func(s *Session) {
	loaded := s.MustLoad(objects.MapDefs.VendorSeveral, withCallback)
	loaded.Run("write_second")
	Expect(loaded.Lookup("second", U32(5))).To(Equal(U64(555)))
	Expect(loaded.Map("first").MaxEntries).To(Equal(uint32(5)))
	Expect(loaded.Map("plain").MaxEntries).To(Equal(uint32(3)))
})

var _ = It("mapdefs.callback.without-btf", func(s *Session) {
	loaded := s.MustLoad(withoutBTF(objects.MapDefs.VendorPlain), withCallback)
	loaded.Run("store")
	Expect(loaded.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("mapdefs.callback.hand-back-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorPlain, withCallback),
		with(objects.MapDefs.VendorHandBack, withCallback), UnknownMapKind)
})

// A definition that no program refers to could be dropped unseen.
var _ = It("mapdefs.callback.hand-back-refused/unused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorSeveral, withCallback),
		with(objects.MapDefs.VendorSeveralHandBack, withCallback), UnknownMapKind)
})

var _ = It("mapdefs.callback.error-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorPlain, withCallback),
		with(objects.MapDefs.VendorMagic, withCallback), BadMapDef)
})

var _ = It("mapdefs.callback.beyond-section-refused", func(s *Session) {
	for _, o := range []objects.Object{
		objects.MapDefs.VendorPlain.With(elfedit.ShrinkSection("vendor_maps", 8)),
		objects.MapDefs.VendorPlain.With(elfedit.MoveSymbol("m", 4096)),
	} {
		refusesAsk(s, with(objects.MapDefs.VendorPlain, withCallback), with(o, withCallback),
			BadMapDef, Malformed)
	}
})

// The loader is the same and the object is the same, but no handler is registered.
var _ = It("mapdefs.callback.unregistered-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorPlain, withCallback),
		with(objects.MapDefs.VendorPlain), UnknownMapKind, BadRelocation, Unresolved)
})

var _ = It("mapdefs.callback.field", func(s *Session) {
	plain := s.MustLoad(objects.MapDefs.Plain).Map("m")
	loaded := s.MustLoad(objects.MapDefs.VendorField, withFields)
	plain.MaxEntries = 9
	Expect(loaded.Map("m")).To(BeTheSameMapAs(plain))
})

var _ = It("mapdefs.callback.field-handed-back-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorField, withFields),
		with(objects.MapDefs.VendorFieldOther, withFields), UnknownMapField)
})

var _ = It("mapdefs.callback.field-handed-back-refused/unused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorField, withFields),
		with(objects.MapDefs.VendorFieldOtherUnused, withFields), UnknownMapField)
})

var _ = It("mapdefs.callback.field-handed-back-ignored", func(s *Session) {
	s.Control(objects.MapDefs.VendorField, withFields)
	loaded := s.MustLoad(objects.MapDefs.VendorFieldOther, withFields, IgnoreUnknownFields)
	Expect(loaded.Map("m").MaxEntries).To(Equal(uint32(9)))
})

var _ = It("mapdefs.callback.field-unregistered-refused", func(s *Session) {
	refusesAsk(s, with(objects.MapDefs.VendorField, withFields), with(objects.MapDefs.VendorField),
		UnknownMapField)
})

// settles bounds how long a kernel may take to free what a loader made to try something out, on a
// host that is not busy.
const settles = 5 * time.Second

// newMaps returns the names of maps that the kernel did not hold before, sorted.
func newMaps(s *Session, before Kernel) []string {
	return newNames(s, before, oracle.KindMap, func(id uint32) (string, error) {
		m, err := oracle.Map(id)
		return m.Name, err
	})
}

// newPrograms returns the names of programs that the kernel did not hold before, sorted.
func newPrograms(s *Session, before Kernel) []string {
	return newNames(s, before, oracle.KindProgram, func(id uint32) (string, error) {
		p, err := oracle.Program(id)
		return p.Name, err
	})
}

// newNames returns the names of objects of one kind that the kernel did not hold before, sorted.
// One that is freed meanwhile has none.
func newNames(
	s *Session, before Kernel, kind oracle.Kind, name func(id uint32) (string, error),
) []string {
	names := []string{}
	for _, o := range s.Kernel().Beyond(before.Inventory) {
		if o.Kind != kind {
			continue
		}
		n, err := name(o.ID)
		if errors.Is(err, oracle.ErrNoSuchObject) {
			continue
		}
		Expect(err).NotTo(HaveOccurred())
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
