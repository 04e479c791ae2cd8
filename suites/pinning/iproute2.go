// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"crypto/sha1"
	"encoding/hex"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// mounted returns the options that open an object with iproute2's maps: its pins are below the
// session's folder in a bpffs, in the part that subdir names.
func mounted(s *Session, subdir string, ids map[string]string) []Option {
	return []Option{Layout(IPRoute2Layout), PinMount(s.BPFFS(), subdir, ids)}
}

// asTC returns the options of [mounted] for tc, without a table of ids.
func asTC(s *Session) []Option { return mounted(s, "tc", nil) }

// ofObject returns the folder, below a part's, where iproute2 pins the maps that are an object's
// own (bpf_obj_hash, lib/bpf_legacy.c).
func ofObject(o objects.Object) string {
	sum := sha1.Sum(o.ELF())
	return hex.EncodeToString(sum[:])
}

// elfControlled does what [controlled] does, for iproute2's maps of all objects.
func elfControlled(s *Session, o Object, folder string) {
	s.Control(o, asTC(s)...)
	for _, name := range s.PinsIn(folder) {
		s.RemovePin(folder + "/" + name)
	}
}

// A part of iproute2 has a folder of its own for pins, and loads programs of its own.
type part struct {
	subdir string
	global objects.Object
}

var parts = []Case[part]{
	Entry("tc", part{"tc", objects.Pinning.ELFGlobal}),
	Entry("xdp", part{"xdp", objects.Pinning.ELFGlobalXDP}),
	Entry("ip", part{"ip", objects.Pinning.ELFGlobal}),
}

var _ = It("pinning.iproute2.none", func(s *Session) {
	loaded := s.MustLoad(objects.Pinning.ELFNone, asTC(s)...)
	loaded.Run("store")
	Expect(loaded.Lookup("m", U32(7))).To(Equal(U64(77)))
	Expect(s.Pins()).To(BeEmpty())
})

var _ = Table("pinning.iproute2.global", func(s *Session, p part) {
	path := p.subdir + "/globals/m"
	s.Keep(path, "tc/globals/m") // the folders of iproute2 may be one
	loaded := s.MustLoad(p.global, mounted(s, p.subdir, nil)...)
	loaded.Run("store")
	Expect(s.Pin(s.BPFFS() + "/" + path)).To(BeThePinOfMap(loaded.MapID("m")))
	Expect(s.PinnedValue(s.BPFFS()+"/"+path, U32(7))).To(Equal(U64(77)))
	Expect(s.Pins()).To(HaveLen(1))
}, parts...)

var _ = It("pinning.iproute2.object", func(s *Session) {
	path := "tc/" + ofObject(objects.Pinning.ELFObject) + "/m"
	s.Keep(path)
	first := s.MustLoad(objects.Pinning.ELFObject, asTC(s)...)
	first.Run("store")
	id := first.MapID("m")
	first.Close()
	Expect(s.Pins()).To(ConsistOf(path))
	Expect(s.Pin(s.BPFFS() + "/" + path)).To(BeThePinOfMap(id))
	again := s.MustLoad(objects.Pinning.ELFObject, asTC(s)...)
	Expect(again.MapID("m")).To(Equal(id))
	Expect(again.Lookup("m", U32(7))).To(Equal(U64(77)))
})

var _ = It("pinning.iproute2.custom", func(s *Session) {
	s.Keep("ours/m")
	loaded := s.MustLoad(objects.Pinning.ELFCustom,
		mounted(s, "tc", map[string]string{"5": "ours", "6": "not_this"})...)
	loaded.Run("store")
	Expect(s.Pins()).To(ConsistOf("ours/m"))
	Expect(s.Pin(s.BPFFS() + "/ours/m")).To(BeThePinOfMap(loaded.MapID("m")))
	Expect(s.PinnedValue(s.BPFFS()+"/ours/m", U32(7))).To(Equal(U64(77)))
})

var _ = It("pinning.iproute2.unknown-id", func(s *Session) {
	s.Keep("ours/m")
	table := func(id string) []Option { return mounted(s, "tc", map[string]string{id: "ours"}) }
	s.Control(objects.Pinning.ELFCustom, table("5")...)
	s.RemovePin(s.BPFFS() + "/ours/m")
	before := s.Kernel()
	reply := s.Load(objects.Pinning.ELFCustom, table("6")...)
	Expect(s.Pins()).To(BeEmpty())
	if !reply.OK() {
		Expect(reply).To(BeRejected(AtAnyStage, BadMapDef, NotFound, NotSupported))
		Expect(s.Kernel()).To(HoldNothingBeyond(before))
	}
})

var _ = It("pinning.iproute2.global-shared", func(s *Session) {
	s.Keep("tc/globals/m")
	one := s.MustLoad(objects.Pinning.ELFGlobal, asTC(s)...)
	other := s.MustLoad(objects.Pinning.ELFGlobalOther, asTC(s)...)
	one.Run("store")
	Expect(other.MapID("m")).To(Equal(one.MapID("m")))
	Expect(other.Lookup("m", U32(7))).To(Equal(U64(77)))
	other.Run("store_other")
	Expect(one.Lookup("m", U32(7))).To(Equal(U64(88)))
})

var _ = It("pinning.iproute2.object-not-shared", func(s *Session) {
	s.Keep("tc/"+ofObject(objects.Pinning.ELFObject)+"/m",
		"tc/"+ofObject(objects.Pinning.ELFObjectOther)+"/m")
	one := s.MustLoad(objects.Pinning.ELFObject, asTC(s)...)
	other := s.MustLoad(objects.Pinning.ELFObjectOther, asTC(s)...)
	one.Run("store")
	other.Run("store_other")
	Expect(other.MapID("m")).NotTo(Equal(one.MapID("m")))
	Expect(one.Lookup("m", U32(7))).To(Equal(U64(77)))
	Expect(other.Lookup("m", U32(7))).To(Equal(U64(88)))
})

var _ = It("pinning.iproute2.shared-with-btf", func(s *Session) {
	folder := keeping(s, "m")
	btf := s.MustLoad(objects.Pinning.ELFHash, PinRoot(folder))
	btf.Run("store")
	elf := s.MustLoad(objects.Pinning.ELFGlobal, asTC(s)...)
	Expect(elf.MapID("m")).To(Equal(btf.MapID("m")))
	Expect(elf.Lookup("m", U32(7))).To(Equal(U64(99)))
})

var _ = It("pinning.iproute2.mismatch-refused", func(s *Session) {
	folder := keeping(s, "m")
	others := []objects.Object{
		objects.Pinning.ELFType, objects.Pinning.ELFKey, objects.Pinning.ELFValue,
		objects.Pinning.ELFEntries, objects.Pinning.ELFFlags,
	}
	for _, other := range others {
		elfControlled(s, other, folder)
	}
	s.Control(objects.Pinning.ELFGlobal, asTC(s)...)
	for _, other := range others {
		refusesUntouched(s, []string{folder + "/m"},
			func() *Attempt { return s.Load(other, asTC(s)...) }, AtPin, IncompatiblePin)
	}
})

var _ = It("pinning.iproute2.own-pins-removed", func(s *Session) {
	elfControlled(s, objects.Pinning.ELFGlobal, s.PinFolder())
	elfControlled(s, objects.Pinning.ELFObject,
		s.BPFFS()+"/tc/"+ofObject(objects.Pinning.ELFObject))
	for _, bad := range []objects.Object{
		objects.Pinning.ELFRefused, objects.Pinning.ELFObjectRefused,
	} {
		refusesUntouched(s, nil, func() *Attempt { return s.Load(bad, asTC(s)...) }, AtVerify,
			Verifier, Permission)
		Expect(s.Pins()).To(BeEmpty())
	}
})
