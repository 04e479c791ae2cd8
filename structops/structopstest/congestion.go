// SPDX-License-Identifier: Apache-2.0

// Package structopstest makes kernel structures for tests, by bpf(2) alone: congestion controls
// that count nothing and always work, as a loader that is not ours would register them.
package structopstest

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// A Congestion holds a congestion control: its map, its programs, and its link once it has one.
type Congestion struct {
	Map      *ebpf.Map
	Programs map[string]*ebpf.Program // by member
	Link     link.Link
	name     string
}

// members maps the members that tcp_validate_congestion_control (net/ipv4/tcp_cong.c) asks for to
// what their programs return.
var members = map[string]int32{"ssthresh": 10, "undo_cwnd": 10, "cong_avoid": 0}

// New makes a congestion control of that name, at most 15 characters, and its map. It is not
// registered. With byLink a link will register it, else the update of its map.
func New(mapName, name string, byLink bool) (_ *Congestion, err error) {
	c := &Congestion{Programs: make(map[string]*ebpf.Program), name: name}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	for member, result := range members {
		c.Programs[member], err = ebpf.NewProgram(&ebpf.ProgramSpec{
			Name: member, Type: ebpf.StructOps, License: "GPL",
			AttachType: ebpf.AttachStructOps, AttachTo: "tcp_congestion_ops:" + member,
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, result), asm.Return()},
		})
		if err != nil {
			return nil, fmt.Errorf("program %s: %w", member, err)
		}
	}
	spec := &ebpf.MapSpec{
		Name: mapName, Type: ebpf.StructOpsMap, MaxEntries: 1, KeySize: 4,
		Key: &btf.Int{Size: 4}, Value: &btf.Struct{Name: "tcp_congestion_ops"},
	}
	if byLink {
		spec.Flags = unix.BPF_F_LINK
	}
	if c.Map, err = ebpf.NewMap(spec); err != nil {
		return nil, err
	}
	return c, nil
}

// Update fills the map, which registers a structure that no link registers.
func (c *Congestion) Update() error {
	var layout *btf.Struct
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return err
	}
	if err := kernel.TypeByName("bpf_struct_ops_tcp_congestion_ops", &layout); err != nil {
		return err
	}
	value := make([]byte, layout.Size)
	data := layout.Members[len(layout.Members)-1]
	for _, m := range data.Type.(*btf.Struct).Members {
		at := value[data.Offset.Bytes()+m.Offset.Bytes():]
		if p, ok := c.Programs[m.Name]; ok {
			binary.NativeEndian.PutUint64(at, uint64(p.FD()))
		}
		if m.Name == "name" {
			copy(at[:15], c.name)
		}
	}
	return c.Map.Put(uint32(0), value)
}

// Attach registers the structure with a link, after [Congestion.Update].
func (c *Congestion) Attach() (err error) {
	c.Link, err = link.AttachStructOps(link.StructOpsOptions{Map: c.Map})
	return err
}

// Register makes and registers a congestion control.
func Register(mapName, name string, byLink bool) (*Congestion, error) {
	c, err := New(mapName, name, byLink)
	if err != nil {
		return nil, err
	}
	err = c.Update()
	if err == nil && byLink {
		err = c.Attach()
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// ID returns the id of the map.
func (c *Congestion) ID() (uint32, error) {
	info, err := c.Map.Info()
	if err != nil {
		return 0, err
	}
	id, _ := info.ID()
	return uint32(id), nil
}

// Unregister takes a structure that no link registers out of the kernel's list.
func (c *Congestion) Unregister() error { return c.Map.Delete(uint32(0)) }

// Close closes all descriptors. A structure that no link registers stays registered.
func (c *Congestion) Close() error {
	var errs []error
	if c.Link != nil {
		errs = append(errs, c.Link.Close())
	}
	for _, p := range c.Programs {
		if p != nil {
			errs = append(errs, p.Close())
		}
	}
	if c.Map != nil {
		errs = append(errs, c.Map.Close())
	}
	return errors.Join(errs...)
}
