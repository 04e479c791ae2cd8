// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// What package and dispatcher of static chains know each other by: see dispatcher/static.c.
const (
	staticName = "xdp_chain"      // of the program
	staticConf = "xdp_chain_conf" // of its configuration
	nameRoom   = 64               // for a program's name in the configuration, bytes
)

// placeholder returns the name of the function that the program in a slot takes the place of. It is
// as long as the name of a program may be.
func placeholder(slot int) string {
	return fmt.Sprintf("xdp_chain_slot_%d", slot) + strings.Repeat("_", 44)
}

// AddStatic makes a static chain on an interface: the programs are linked with a dispatcher into
// one program, whose functions they are, in the order that [Add] gives them. Nothing is pinned, and
// the interface keeps the program. Where a static chain is there, the new one takes its place as a
// whole, in one step; any other program is refused.
//
// What the linker asks of objects has to hold: no two of them may define one name, and all have the
// same licence. The error is of the same kinds as that of [Add]. What is returned beside the chain
// has the maps of all objects, and is the caller's to close.
func AddStatic(ctx context.Context, ifindex int, components []Component, o Options) (
	*Chain, *loaderimpl.Loaded, error) {
	if len(components) == 0 {
		return nil, nil, fmt.Errorf("nothing to add: %w", ErrProgram)
	}
	var made *loaderimpl.Loaded
	chain, err := change(ctx, ifindex, o, func(c *changer, there *present) error {
		if there != nil && !there.Static {
			return fmt.Errorf("not a static one: %w", ErrMode)
		}
		parts := make([]*part, len(components))
		for i := range components {
			var err error
			if parts[i], err = components[i].part(); err != nil {
				return err
			}
		}
		if err := c.check(there, parts); err != nil {
			return err
		}
		sortParts(parts)
		conf := c.configure(nil, parts)
		conf.version = newestVersion
		var err error
		made, err = loadStatic(conf, parts, func(l *loaderimpl.Loaded) error {
			return c.attach(there, l.Programs[staticName])
		})
		return err
	})
	return chain, made, err
}

// loadStatic loads a static chain, and does what comes then before the load ends. Where the kernel
// does not know packets of several buffers the chain takes none.
func loadStatic(conf *config, parts []*part, then func(*loaderimpl.Loaded) error) (
	*loaderimpl.Loaded, error) {
	for {
		object, err := linkStatic(conf, parts)
		if err != nil {
			return nil, err
		}
		attached := false
		loaded, err := object.Load(loaderimpl.LoadOptions{
			TokenPath: parts[0].added.TokenPath,
			Then:      func(l *loaderimpl.Loaded) error { attached = true; return then(l) },
		})
		if !conf.frags || attached || !errors.Is(err, syscall.EINVAL) {
			return loaded, err
		}
		conf.frags = false
	}
}

// linkStatic links the programs of a chain with their dispatcher.
func linkStatic(conf *config, parts []*part) (*loaderimpl.Object, error) {
	data, err := objects.ReadFile("dispatcher/static." + byteOrder() + ".o")
	if err != nil {
		return nil, err
	}
	values := make([]byte, configSizes[newestVersion]+Slots*nameRoom)
	copy(values, conf.encode(binary.NativeEndian))
	joined := make([]loaderimpl.Part, len(parts))
	for slot, p := range parts {
		if slot > 0 && slices.ContainsFunc(parts[:slot], func(q *part) bool { return q.name == p.name }) {
			return nil, &loaderimpl.Error{Stage: "link", Class: loaderimpl.ClassInvalid,
				Symbol: p.name, Err: errors.New("two programs of that name: rename one")}
		}
		if len(p.name) > len(placeholder(slot)) {
			return nil, fmt.Errorf("%s: %w: its name has %d bytes, at most %d in a static chain",
				p.name, ErrProgram, len(p.name), len(placeholder(slot)))
		}
		name := make([]byte, len(placeholder(slot)))
		copy(name, p.name)
		data = bytes.ReplaceAll(data, []byte(placeholder(slot)), name)
		copy(values[configSizes[newestVersion]+slot*nameRoom:], p.name)
		joined[slot] = loaderimpl.Part{Object: p.added.Object, Entry: p.name}
	}
	dispatcher, err := loaderimpl.OpenBytes(data, loaderimpl.Options{Name: staticName})
	if err != nil {
		return nil, err
	}
	object, err := dispatcher.Join(joined)
	if err != nil {
		return nil, err
	}
	for _, p := range object.Programs() {
		if err := p.SetAutoload(p.Name() == staticName); err != nil {
			return nil, err
		}
	}
	if err := object.Variable(staticConf).Set(values); err != nil {
		return nil, err
	}
	if !conf.frags {
		return object, nil
	}
	kind := object.Program(staticName).Kind()
	kind.Flags |= flagFrags
	return object, object.Program(staticName).SetKind(kind)
}

// readStatic reads the configuration of a static chain from the maps of its program: the one of its
// size that begins as it does. It returns the names of the programs, too, and nil where no map has
// one.
func readStatic(maps []ebpf.MapID) (*config, []string, error) {
	for _, id := range maps {
		data, err := readData(id)
		size := configSizes[newestVersion]
		if err != nil {
			return nil, nil, err
		}
		if len(data) != size+Slots*nameRoom || data[0] != magic {
			continue
		}
		c, err := parseConfig(data[:size], binary.NativeEndian, 0)
		if err != nil {
			return nil, nil, err
		}
		names := make([]string, len(c.slots))
		for slot := range names {
			name, _, _ := bytes.Cut(data[size+slot*nameRoom:][:nameRoom], []byte{0})
			names[slot] = string(name)
		}
		return c, names, nil
	}
	return nil, nil, nil
}

// readData returns the value of a map of read-only data, and nothing for another map.
func readData(id ebpf.MapID) ([]byte, error) {
	m, err := ebpf.NewMapFromID(id)
	if err != nil {
		return nil, fmt.Errorf("open map %d: %w", id, err)
	}
	defer m.Close()
	const readOnly = 1 << 7 // BPF_F_RDONLY_PROG
	if m.Type() != ebpf.Array || m.MaxEntries() != 1 || m.KeySize() != 4 || m.Flags()&readOnly == 0 {
		return nil, nil
	}
	data, err := m.LookupBytes(uint32(0))
	if err != nil {
		return nil, fmt.Errorf("read map %d: %w", id, err)
	}
	return data, nil
}
