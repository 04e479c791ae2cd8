// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"encoding/binary"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/mapdef"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// ErrHandBack hands a definition back: a handler of maps returns it for one that it does not know
// either. It never reaches the caller of [Open].
var ErrHandBack = refuse.ErrHandBack

// A MapHandler reads map definitions that this package does not understand, or reads them in
// another way. It is registered with [Options.MapHandlers], for the objects that are opened with
// these options and no others.
type MapHandler struct {
	// Section names the section whose definitions the handler is asked about: one of the caller's
	// own, or one that this package reads itself (.maps, maps), where the handler comes first.
	// Sections of code and of global data hold no definitions, and have no handlers.
	//
	// A handler whose Section is empty is asked about what nothing else understands: definitions in
	// .maps with unknown fields, those of inner maps too, and definitions in sections that no
	// parser reads and a program refers to.
	Section string

	// Define is called once for each definition, when the object is opened, in the order of
	// offsets; each symbol of a section stands for one. It fills in the draft, and returns nil. Or
	// it returns [ErrHandBack], wrapped or not: then the draft is dropped, and this package acts as
	// if there were no handler, except that it refuses a definition in a section named by Section
	// that it does not read. Any other error refuses the object; this package adds where it
	// happened, and the error has the class of what it wraps: a [Class], or an errno.
	//
	// Opening is pure. A handler that makes maps, or opens pins, does so in Draft.Supply, which is
	// called when the object is loaded.
	Define func(d *Draft) error
}

// A Draft holds a definition that a [MapHandler] is asked about.
type Draft struct {
	// Definition holds what is known so far: of a definition in .maps all that its known fields
	// say, with the others in Unknown; of any other only where it is, its Raw bytes, and its
	// BTFType if it has one. The handler fills in the rest. Name, Section, Offset, Source and Raw
	// stay as they are, whatever it does to them. PinPath is where to pin the map, by
	// [Options.PinPolicy], like [Map.SetPin].
	//
	// The handler removes from Unknown the fields that it understood. What is left there is
	// refused, or, with [Options.IgnoreUnknownFields], reported.
	Definition

	// Supply, if it is set, is called for the map when the object is loaded, once, and the load
	// makes none. The loader takes a descriptor of its own: the map that Supply returns stays the
	// handler's, which may close it when [Object.Load] has returned. If Definition.Type is set, the
	// map has to be what the definition says, as with [Map.UseMap]. It is used as it is: no initial
	// values are put in.
	Supply func() (*ebpf.Map, error)

	inner *mapdef.Draft
}

// ByteOrder returns the byte order of the object, and so of Raw.
func (d *Draft) ByteOrder() binary.ByteOrder { return d.inner.ByteOrder() }

// Types returns the object's types; see [Object.Types].
func (d *Draft) Types() (*btf.Spec, error) {
	spec, err := d.inner.Types()
	return spec, export("", err)
}

// Number returns the n of a field that was written as __uint(name, n). The error is of
// [ClassDefinition] for a field that was not, or that is no field of BTF.
func (d *Draft) Number(f Field) (uint32, error) {
	n, err := d.inner.Number(mapdef.Field(f))
	return n, export("", refuse.At(refuse.StageDefine, "", "", err))
}

// internalHandlers makes handlers of the layer below from those of the caller's.
func internalHandlers(list []MapHandler) []mapdef.Handler {
	var handlers []mapdef.Handler
	for _, h := range list {
		var define func(*mapdef.Draft) error
		if h.Define != nil {
			define = h.define
		}
		handlers = append(handlers, mapdef.Handler{Section: h.Section, Define: define})
	}
	return handlers
}

// define shows the handler a draft, and takes over what it filled in.
func (h MapHandler) define(inner *mapdef.Draft) error {
	d := &Draft{Definition: fromInternal(&inner.Definition), inner: inner}
	d.Unknown = slices.Clone(d.Unknown)
	if err := h.Define(d); err != nil {
		return fromHandler(err)
	}
	inner.Definition = *toInternal(&d.Definition)
	inner.Supply = d.Supply
	return nil
}
