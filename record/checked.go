// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader/jsonline"
)

// ObjectSpec names the spec that loads an object which the host brings. Each is a variant of it:
// "check.object/3" is about the object that is named 3 in the archive. Beside it is a file 3.needs:
// its first line has the object's file name without a folder and ".o", and the word pins behind a
// blank where maps of it are to be pinned; each further one has a thing that the object needs of a
// kernel. The lines of 3.set are what is
// changed before the load: the request set of the loader protocol without a session. Those of
// 3.attach are an [Attaching] each, for what is attached after it.
const ObjectSpec = "check.object"

// BroughtObject returns the name of the object that a spec is about, "" for any other spec.
func BroughtObject(spec string) string {
	name, found := strings.CutPrefix(spec, ObjectSpec+"/")
	if !found {
		return ""
	}
	return name
}

// Checked says how an object did that the host brought: what the kernel had after its load, or why
// it was not loaded and what the kernel lacks. It comes before the spec's Finish.
type Checked struct {
	Spec string `json:"spec"`
	// nil where it was loaded
	Refusal *Refusal `json:"refusal,omitempty"`
	// what the kernel had that it did not have before
	Maps     []MadeMap     `json:"maps,omitempty"`
	Programs []MadeProgram `json:"programs,omitempty"`
	Links    int           `json:"links,omitempty"`
	// of a loaded object whose programs were to be attached, one after the other: each is detached
	// before the next
	Attached []Attached `json:"attached,omitempty"`
	// of a refused object: what it needs, and whether the kernel has it
	Probes []Probe `json:"probes,omitempty"`
}

// Refusal holds how a loader refused an object.
type Refusal struct {
	Op      string `json:"op"`                // the request that it answered: "open" or "load"
	Stage   string `json:"stage,omitempty"`   // "" where it has no such feature
	Class   string `json:"class,omitempty"`   // "" where it has no such feature
	Feature string `json:"feature,omitempty"` // that it lacks
	Errno   int    `json:"errno,omitempty"`
	Message string `json:"message,omitempty"` // its own words
	Log     string `json:"log,omitempty"`     // the end of the verifier's
}

// MadeMap holds a map as the kernel has it.
type MadeMap struct {
	ID         uint32 `json:"id"`
	Name       string `json:"name,omitempty"`
	Type       string `json:"type"`
	KeySize    uint32 `json:"key_size,omitempty"`   // bytes
	ValueSize  uint32 `json:"value_size,omitempty"` // bytes
	MaxEntries uint32 `json:"max_entries,omitempty"`
	Flags      uint32 `json:"flags,omitempty"`
}

// MadeProgram holds a program as the kernel has it.
type MadeProgram struct {
	ID   uint32 `json:"id"`
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	Tag  string `json:"tag"`
	// instructions after the verifier rewrote them
	Verified int  `json:"verified,omitempty"`
	Jited    int  `json:"jited,omitempty"` // bytes of machine code; 0 without JIT
	GPL      bool `json:"gpl,omitempty"`
}

// Probe says whether the kernel has something that an object needs.
type Probe struct {
	Need string `json:"need"` // "map_type ringbuf"
	Has  bool   `json:"has"`
	// why it could not be told; Has means nothing then
	Unknown string `json:"unknown,omitempty"`
}

// Refused reports whether the loader refused the object, or to attach a program of it.
func (r Checked) Refused() bool {
	return r.Refusal != nil ||
		slices.ContainsFunc(r.Attached, func(a Attached) bool { return a.Refusal != nil })
}

func (Checked) recordType() string { return "checked" }

func (r Checked) fields(l *jsonline.Line) {
	l.Text("spec", r.Spec)
	for _, f := range []struct {
		name string
		is   bool
		of   any
	}{
		{"refusal", r.Refusal != nil, r.Refusal}, {"maps", len(r.Maps) > 0, r.Maps},
		{"programs", len(r.Programs) > 0, r.Programs},
		{"attached", len(r.Attached) > 0, r.Attached}, {"probes", len(r.Probes) > 0, r.Probes},
	} {
		if !f.is {
			continue
		}
		text, err := json.Marshal(f.of)
		if err != nil {
			panic("record: " + err.Error()) // nothing of it can fail: plain strings and numbers
		}
		l.JSON(f.name, text)
	}
	l.NumberIfAny("links", int64(r.Links))
}
