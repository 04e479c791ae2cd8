// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// vendorSection holds definitions that no loader knows, each of vendorSize bytes: struct vendor_map
// of objects/include/vendor.h, eight numbers of 32 bits.
const (
	vendorSection = "vendor_maps"
	vendorSize    = 32
	vendorMagic   = 0x766e6472
)

// The actions of enum vendor_action.
const (
	vendorDefine   = 1
	vendorSupply   = 2
	vendorPin      = 3
	vendorReuse    = 4
	vendorHandBack = 5
)

// What the handlers of programs use of an object's maps.
const (
	vendorCalls = "vendor_calls"
	vendorJumps = "vendor_jumps"
)

const flagNumaNode = 1 << 2 // BPF_F_NUMA_NODE

// register registers a handler, to do what docs/loader-protocol.md lays down. It reports false for
// one that it does not know.
func (s *session) register(h loader.Handler, opts *loaderimpl.Options) bool {
	if s.vendor == nil {
		s.vendor = &vendor{session: s, pinRoot: opts.PinRoot}
	}
	switch h {
	case loader.MapSectionHandler:
		opts.MapHandlers = append(opts.MapHandlers, loaderimpl.MapHandler{
			Section: vendorSection, Define: s.vendor.define,
		})
	case loader.MapFieldHandler:
		opts.MapHandlers = append(opts.MapHandlers, loaderimpl.MapHandler{Define: readFields})
	case loader.ProgramPrefixHandler:
		opts.ProgramHandlers = append(opts.ProgramHandlers, s.vendor.programs("vendor/", 1))
	case loader.ProgramExactHandler:
		opts.ProgramHandlers = append(opts.ProgramHandlers, s.vendor.programs("vendor", 2))
	case loader.ProgramFallbackHandler:
		opts.ProgramHandlers = append(opts.ProgramHandlers, s.vendor.programs("", 3))
	default:
		return false
	}
	return true
}

// A vendor is a caller that registers handlers, for one object.
type vendor struct {
	session *session
	pinRoot string
	setups  uint32 // of programs so far
}

// define makes a definition of a struct vendor_map.
func (v *vendor) define(d *loaderimpl.Draft) error {
	if len(d.Raw) < vendorSize {
		return fmt.Errorf("%d bytes, want %d: %w", len(d.Raw), vendorSize,
			loaderimpl.ClassDefinition)
	}
	var n [vendorSize / 4]uint32
	for i := range n {
		n[i] = d.ByteOrder().Uint32(d.Raw[4*i:])
	}
	if n[0] != vendorMagic {
		return fmt.Errorf("magic number %#x: %w", n[0], loaderimpl.ClassDefinition)
	}
	d.Type = ebpf.MapType(n[2])
	d.KeySize, d.ValueSize, d.MaxEntries, d.Flags = n[3], n[4], n[5], n[6]
	if d.Flags&flagNumaNode != 0 {
		d.SetNumaNode(n[7])
	}
	switch n[1] {
	case vendorDefine:
	case vendorSupply:
		def := d.Definition
		d.Supply = func() (*ebpf.Map, error) { return v.give(makeMap(&def)) }
	case vendorPin:
		d.PinByName = true
	case vendorReuse:
		path := filepath.Join(v.pinRoot, d.Name)
		d.Supply = func() (*ebpf.Map, error) { return v.give(loaderimpl.OpenPin(path)) }
	case vendorHandBack:
		return loaderimpl.ErrHandBack
	default:
		return fmt.Errorf("action %d: %w", n[1], loaderimpl.ClassDefinition)
	}
	return nil
}

// give remembers a map that the loader gets, to close it after the load.
func (v *vendor) give(m *ebpf.Map, err error) (*ebpf.Map, error) {
	if err != nil {
		return nil, err
	}
	v.session.given = append(v.session.given, m)
	return m, nil
}

// makeMap makes the map of the action supply.
func makeMap(d *loaderimpl.Definition) (*ebpf.Map, error) {
	return ebpf.NewMap(&ebpf.MapSpec{
		Name: "vendor_supplied", Type: d.Type, KeySize: d.KeySize, ValueSize: d.ValueSize,
		MaxEntries: d.MaxEntries, Flags: d.Flags,
		NumaNode: d.NumaNode,
	})
}

// readFields reads the fields vendor_entries and vendor_node, and leaves others unknown.
func readFields(d *loaderimpl.Draft) error {
	unknown := d.Unknown
	d.Unknown = nil
	for _, f := range unknown {
		if f.Name != "vendor_entries" && f.Name != "vendor_node" {
			d.Unknown = append(d.Unknown, f)
			continue
		}
		n, err := d.Number(f)
		if err != nil {
			return err
		}
		if f.Name == "vendor_entries" {
			d.MaxEntries = n
		} else {
			d.SetNumaNode(n)
		}
	}
	if len(unknown) == 0 {
		return loaderimpl.ErrHandBack // a section that no loader knows
	}
	return nil
}

// programs returns the handler of programs in a section; kind says which of the three it is.
func (v *vendor) programs(section string, kind uint32) loaderimpl.ProgramHandler {
	return loaderimpl.ProgramHandler{
		Section: section,
		Setup:   v.setUp,
		Prepare: func(p *loaderimpl.Preparation) error { return v.prepare(p, kind) },
		Attach:  attachVendor,
	}
}

// setUp makes a program what it would be in section xdp: for the kernel, XDP programs of another
// attach type may not be called from such.
func (v *vendor) setUp(p *loaderimpl.Program) error {
	v.setups++
	switch vendorName(p) {
	case "refuse":
		return loaderimpl.ClassSection
	case "skip":
		if err := p.SetAutoload(false); err != nil {
			return err
		}
	}
	kind, _ := loaderimpl.KindOf("xdp")
	return p.SetKind(kind)
}

// vendorName returns what comes after vendor/ in the name of a program's section; empty for other
// sections.
func vendorName(p *loaderimpl.Program) string {
	name, is := strings.CutPrefix(strings.TrimPrefix(p.Section(), "?"), "vendor/")
	if !is {
		return ""
	}
	return name
}

// prepare counts its calls in the object's map vendor_calls, if there is one.
func (v *vendor) prepare(p *loaderimpl.Preparation, kind uint32) error {
	calls := p.Maps[vendorCalls]
	if calls == nil {
		return nil
	}
	var prepared uint32
	if err := calls.Lookup(uint32(1), &prepared); err != nil {
		return fmt.Errorf("%s: %w", vendorCalls, err)
	}
	for i, n := range []uint32{v.setups, prepared + 1, kind} {
		if err := calls.Put(uint32(i), n); err != nil {
			return fmt.Errorf("%s: %w", vendorCalls, err)
		}
	}
	return nil
}

// attachVendor puts a program of a section vendor/NUMBER into that element of the object's map
// vendor_jumps.
func attachVendor(p *loaderimpl.Program, l *loaderimpl.Loaded) (io.Closer, error) {
	n, err := strconv.ParseUint(vendorName(p), 10, 32)
	if err != nil {
		return nil, loaderimpl.ClassNotSupported
	}
	jumps := l.Maps[vendorJumps]
	if jumps == nil {
		return nil, fmt.Errorf("the object has no map %s: %w", vendorJumps,
			loaderimpl.ClassNotSupported)
	}
	if err := jumps.Put(uint32(n), uint32(l.Programs[p.Name()].FD())); err != nil {
		return nil, fmt.Errorf("%s: %w", vendorJumps, err)
	}
	return jump{jumps, uint32(n)}, nil
}

// A jump holds an element of a PROG_ARRAY.
type jump struct {
	in *ebpf.Map
	at uint32
}

// Close takes the program out. It is no error if the program is out already.
func (j jump) Close() error {
	err := j.in.Delete(j.at)
	if errors.Is(err, ebpf.ErrKeyNotExist) {
		return nil
	}
	return err
}
