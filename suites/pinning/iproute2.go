// SPDX-License-Identifier: Apache-2.0

package pinning

import (
	"crypto/sha1"
	"encoding/hex"

	. "github.com/onsi/gomega"

	"github.com/loadstone-bpf/loadstone/objects"

	. "github.com/loadstone-bpf/loadstone/suites/suite"
)

// mounted is how an object of iproute2's maps is opened: pins are below the session's folder in a bpffs, in the part that subdir names.
func mounted(s *Session, subdir string, ids map[string]string) []Option {
	return []Option{Layout(IPRoute2Layout), PinMount(s.BPFFS(), subdir, ids)}
}

// asTC is mounted for tc, without a table of ids.
func asTC(s *Session) []Option { return mounted(s, "tc", nil) }

// ofObject is the folder, below a part's, where iproute2 pins the maps that are an object's own: lib/bpf_legacy.c bpf_obj_hash.
func ofObject(o objects.Object) string {
	sum := sha1.Sum(o.ELF())
	return hex.EncodeToString(sum[:])
}

// elfControlled is [controlled] for iproute2's maps of all objects.
func elfControlled(s *Session, o Object, folder string) {
	s.Control(o, asTC(s)...)
	for _, name := range s.PinsIn(folder) {
		s.RemovePin(folder + "/" + name)
	}
}

// A part of iproute2 has a folder of its own for pins, and loads programs of its own.
type part struct {
	subdir         string
	global, object objects.Object
}

// Variant is the part of the spec's id behind the slash.
func (p part) Variant() string { return p.subdir }

var parts = []part{
	{"tc", objects.Pinning.ELFGlobal, objects.Pinning.ELFObject},
	{"xdp", objects.Pinning.ELFGlobalXDP, objects.Pinning.ELFObjectXDP},
	{"ip", objects.Pinning.ELFGlobal, objects.Pinning.ELFObject},
}

var _ = It("pinning.iproute2.none", func(s *Session) {
	loaded := s.MustLoad(objects.Pinning.ELFNone, asTC(s)...)
	loaded.Run("store", packet)
	Expect(loaded.Lookup("m", u32(7))).To(Equal(u64(77)))
	Expect(s.Pins()).To(BeEmpty())
})

var _ = Table("pinning.iproute2.global", func(s *Session, p part) {
	path := p.subdir + "/globals/m"
	s.Keep(path, "tc/globals/m") // the folders of iproute2 may be one
	loaded := s.MustLoad(p.global, mounted(s, p.subdir, nil)...)
	loaded.Run("store", packet)
	Expect(s.Pin(s.BPFFS() + "/" + path)).To(BeThePinOfMap(loaded.MapID("m")))
	Expect(s.PinnedValue(s.BPFFS()+"/"+path, u32(7))).To(Equal(u64(77)))
	Expect(s.Pins()).To(HaveLen(1))
}, parts)

var _ = Table("pinning.iproute2.object", func(s *Session, p part) {
	path := p.subdir + "/" + ofObject(p.object) + "/m"
	s.Keep(path, "tc/"+ofObject(p.object)+"/m")
	loaded := s.MustLoad(p.object, mounted(s, p.subdir, nil)...)
	loaded.Run("store", packet)
	Expect(s.Pin(s.BPFFS() + "/" + path)).To(BeThePinOfMap(loaded.MapID("m")))
	Expect(s.PinnedValue(s.BPFFS()+"/"+path, u32(7))).To(Equal(u64(77)))
	Expect(s.Pins()).To(HaveLen(1))
}, parts)

// custom is what a table has for pinning number 5.
type custom struct{ variant, path string }

// Variant is the part of the spec's id behind the slash.
func (c custom) Variant() string { return c.variant }

var _ = Table("pinning.iproute2.custom", func(s *Session, c custom) {
	s.Keep(c.path + "/m")
	loaded := s.MustLoad(objects.Pinning.ELFCustom, mounted(s, "tc", map[string]string{"5": c.path, "6": "not_this"})...)
	loaded.Run("store", packet)
	Expect(s.Pins()).To(ConsistOf(c.path + "/m"))
	Expect(s.Pin(s.BPFFS() + "/" + c.path + "/m")).To(BeThePinOfMap(loaded.MapID("m")))
	Expect(s.PinnedValue(s.BPFFS()+"/"+c.path+"/m", u32(7))).To(Equal(u64(77)))
}, []custom{
	{"one-folder", "ours"},
	{"two-folders", "ours/and_theirs"},
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
	one.Run("store", packet)
	Expect(other.MapID("m")).To(Equal(one.MapID("m")))
	Expect(other.Lookup("m", u32(7))).To(Equal(u64(77)))
	other.Run("store_other", packet)
	Expect(one.Lookup("m", u32(7))).To(Equal(u64(88)))
})

var _ = It("pinning.iproute2.object-not-shared", func(s *Session) {
	s.Keep("tc/"+ofObject(objects.Pinning.ELFObject)+"/m", "tc/"+ofObject(objects.Pinning.ELFObjectOther)+"/m")
	one := s.MustLoad(objects.Pinning.ELFObject, asTC(s)...)
	other := s.MustLoad(objects.Pinning.ELFObjectOther, asTC(s)...)
	one.Run("store", packet)
	other.Run("store_other", packet)
	Expect(other.MapID("m")).NotTo(Equal(one.MapID("m")))
	Expect(one.Lookup("m", u32(7))).To(Equal(u64(77)))
	Expect(other.Lookup("m", u32(7))).To(Equal(u64(88)))
})

var _ = It("pinning.iproute2.object-reused", func(s *Session) {
	s.Keep("tc/" + ofObject(objects.Pinning.ELFObject) + "/m")
	first := s.MustLoad(objects.Pinning.ELFObject, asTC(s)...)
	first.Run("store", packet)
	id := first.MapID("m")
	first.Close()
	again := s.MustLoad(objects.Pinning.ELFObject, asTC(s)...)
	Expect(again.MapID("m")).To(Equal(id))
	Expect(again.Lookup("m", u32(7))).To(Equal(u64(77)))
})

var _ = It("pinning.iproute2.shared-with-btf", func(s *Session) {
	folder := keeping(s, "m")
	btf := s.MustLoad(objects.Pinning.ELFHash, PinRoot(folder))
	btf.Run("store", packet)
	elf := s.MustLoad(objects.Pinning.ELFGlobal, asTC(s)...)
	Expect(elf.MapID("m")).To(Equal(btf.MapID("m")))
	Expect(elf.Lookup("m", u32(7))).To(Equal(u64(99)))
})

var _ = Table("pinning.iproute2.mismatch-refused", func(s *Session, m mismatch) {
	folder := keeping(s, "m")
	elfControlled(s, m.defined, folder)
	s.Control(m.pinned, asTC(s)...)
	refusesUntouched(s, []string{folder + "/m"}, func() *Attempt { return s.Load(m.defined, asTC(s)...) }, AtPin, IncompatiblePin)
}, []mismatch{
	{variant: "type", pinned: objects.Pinning.ELFGlobal, defined: objects.Pinning.ELFType},
	{variant: "key_size", pinned: objects.Pinning.ELFGlobal, defined: objects.Pinning.ELFKey},
	{variant: "value_size", pinned: objects.Pinning.ELFGlobal, defined: objects.Pinning.ELFValue},
	{variant: "max_entries", pinned: objects.Pinning.ELFGlobal, defined: objects.Pinning.ELFEntries},
	{variant: "map_flags", pinned: objects.Pinning.ELFGlobal, defined: objects.Pinning.ELFFlags},
})

var _ = It("pinning.iproute2.own-pins-removed/global", func(s *Session) {
	folder := s.PinFolder()
	elfControlled(s, objects.Pinning.ELFGlobal, folder)
	refusesUntouched(s, nil, func() *Attempt { return s.Load(objects.Pinning.ELFRefused, asTC(s)...) }, AtVerify, Verifier, Permission)
	Expect(s.Pins()).To(BeEmpty())
})

var _ = It("pinning.iproute2.own-pins-removed/object", func(s *Session) {
	elfControlled(s, objects.Pinning.ELFObject, s.BPFFS()+"/tc/"+ofObject(objects.Pinning.ELFObject))
	refusesUntouched(s, nil, func() *Attempt { return s.Load(objects.Pinning.ELFObjectRefused, asTC(s)...) }, AtVerify, Verifier, Permission)
	Expect(s.Pins()).To(BeEmpty())
})
