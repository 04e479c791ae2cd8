// SPDX-License-Identifier: Apache-2.0

package loader

import "strings"

// A Reply is a loader's answer to one request: *[OK], *[Unsupported], *[Rejected] or *[Error], and nothing else.
type Reply interface{ reply() }

// OK says that the loader did as asked. Which fields are set depends on the request.
type OK struct {
	Protocol int               `json:"protocol,omitempty"` // hello: the version chosen
	Loader   *Identity         `json:"loader,omitempty"`   // hello
	Features map[Feature]Claim `json:"features,omitempty"` // hello

	Maps     []MapView     `json:"maps,omitempty"`     // open: as declared; load: with ids
	Programs []ProgramView `json:"programs,omitempty"` // open: as declared; load: with ids
	Unknown  []string      `json:"unknown,omitempty"`  // open, relaxed: fields that were ignored, as "map.field"

	ID     uint32 `json:"id,omitempty"`      // create: of the map
	Handle string `json:"handle,omitempty"`  // attach
	LinkID uint32 `json:"link_id,omitempty"` // attach: 0 where there is no bpf_link
	Answer any    `json:"answer,omitempty"`  // query
}

// MapView is a map as a loader names it.
type MapView struct {
	Name string `json:"name"`         // in the object
	ID   uint32 `json:"id,omitempty"` // in the kernel; 0 before load, and for a map that was left out
}

// ProgramView is a program as a loader names it.
type ProgramView struct {
	Name    string `json:"name"`
	Section string `json:"section,omitempty"`
	ID      uint32 `json:"id,omitempty"`
}

// Map is the view of the map of that name in the object.
func (r *OK) Map(name string) (MapView, bool) {
	for _, m := range r.Maps {
		if m.Name == name {
			return m, true
		}
	}
	return MapView{}, false
}

// Unsupported says that the loader has no such feature.
type Unsupported struct {
	Feature Feature `json:"feature"`
	Reason  string  `json:"reason,omitempty"`
	Issue   string  `json:"issue,omitempty"`
}

// Rejected says that the loader, or the kernel through it, refused the input.
type Rejected struct {
	Stage   Stage  `json:"stage"`
	Class   Class  `json:"class"`
	Errno   int    `json:"errno,omitempty"`   // positive, the kernel's number; 0 where there is none
	Message string `json:"message,omitempty"` // for people; no spec reads it
	Log     string `json:"log,omitempty"`     // the verifier's, cut to its last 64 KiB

	// Differs is what a pinned map has otherwise than its definition, where the class is [IncompatiblePin] and the loader says so.
	Differs []Difference `json:"differs,omitempty"`
}

// A Difference is one attribute of a map that is pinned, and what the object's definition wants it to be.
type Difference struct {
	Attribute Attribute `json:"attribute"` // or "type", "key_size", "value_size"
	Pinned    uint64    `json:"pinned"`
	Defined   uint64    `json:"defined"`
}

// Error says that the driver itself broke. It counts against the driver, not the loader.
type Error struct {
	Message string `json:"message"`
	Trace   string `json:"trace,omitempty"`
}

func (*OK) reply()          {}
func (*Unsupported) reply() {}
func (*Rejected) reply()    {}
func (*Error) reply()       {}

// A Stage is how far a loader had come when it refused. Stages are refined with a slash: a loader that cannot tell creating maps from
// loading programs says "load", one that can says "load/create".
type Stage string

// The stages.
const (
	AtOpen     Stage = "open"
	AtLink     Stage = "link"
	AtLoad     Stage = "load"
	AtCreate   Stage = "load/create"
	AtPin      Stage = "load/pin"
	AtRelocate Stage = "load/relocate"
	AtVerify   Stage = "load/verify"
	AtAttach   Stage = "attach"

	// AtCommand is the coarsest stage: the loader is one command that does it all, and tells its caller not how far it came.
	AtCommand Stage = "command"
)

// Admits reports whether a loader that said got may have meant s: got is s, or is coarser than s, or refines it. [AtCommand] is coarser than all.
func (s Stage) Admits(got Stage) bool { return got == AtCommand || admits(string(s), string(got)) }

// A Class is why a loader refused. Classes are refined with a slash: a loader whose caller gets no more than an errno says the coarse class
// ("invalid" for EINVAL), one that says more says the fine one ("invalid/map-definition"). A spec names the fine class; a coarse answer is
// taken for it, so a loader is not held to more than it can say, and the report shows what it said.
type Class string

// The classes.
const (
	Malformed     Class = "malformed"     // not an object that can be read: ELF or BTF
	MalformedELF  Class = "malformed/elf" //
	MalformedBTF  Class = "malformed/btf" //
	Invalid       Class = "invalid"       // readable, and means nothing: EINVAL
	BadMapDef     Class = "invalid/map-definition"
	BadRelocation Class = "invalid/relocation"
	BadProgram    Class = "invalid/program"

	NotSupported    Class = "not-supported" // means something that the loader or the kernel does not do: ENOTSUP, EOPNOTSUPP, ENOTSUPP
	UnknownMapField Class = "not-supported/map-field"
	UnknownMapKind  Class = "not-supported/map-definition" // a way of defining maps that the loader does not read
	UnknownSection  Class = "not-supported/section"
	KernelLacks     Class = "not-supported/kernel"

	NotFound   Class = "not-found" // something named that is not there: ENOENT, ESRCH
	BTFMissing Class = "not-found/btf"
	Unresolved Class = "not-found/symbol"

	IncompatiblePin Class = "invalid/incompatible-pin" // EINVAL
	NameConflict    Class = "name-conflict"            // EEXIST
	Permission      Class = "permission"               // EPERM, EACCES
	Limit           Class = "limit"                    // E2BIG, ENOMEM, ENOSPC, ENAMETOOLONG
	Busy            Class = "busy"                     // EBUSY
	Verifier        Class = "verifier"                 // the kernel's verifier refused a program
	IO              Class = "io"                       // reading or writing files failed

	// Unclassified is the coarsest class: the loader refused, and tells its caller nothing that a program could read.
	Unclassified Class = "unclassified"
)

// Admits reports whether a loader that said got may have meant c: got is c, or is coarser than c, or refines it. [Unclassified] is coarser
// than all.
func (c Class) Admits(got Class) bool { return got == Unclassified || admits(string(c), string(got)) }

func admits(want, got string) bool {
	return got != "" && (want == got || strings.HasPrefix(want, got+"/") || strings.HasPrefix(got, want+"/"))
}
