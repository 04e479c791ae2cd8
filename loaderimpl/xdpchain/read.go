// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// Read returns the chain of an interface, whoever made it: this package, or libxdp with a
// dispatcher of any version. What is in which slot the kernel's links say; pins, below bpffs, are
// asked only where they do not, before Linux 5.13.
//
// The error wraps [ErrNone] where the interface has no program, [ErrForeign] where it has one that
// is no dispatcher, and [ErrConfig].
func Read(ifindex int, bpffs string) (*Chain, error) {
	return settled(func() (*Chain, error) { return readChain(ifindex, bpffs) })
}

// settled reads again where what it looks at goes meanwhile: others change chains too. It does not
// wait for their lock: as with libxdp, who only reads takes none, needs no right to write to the
// folder, and is not held up by one that hangs. So there is nothing to wait for but time.
func settled[T any](read func() (T, error)) (T, error) {
	const attempts = 10
	for n := 0; ; n++ {
		found, err := read()
		if n == attempts || !errors.Is(err, fs.ErrNotExist) {
			return found, err
		}
		time.Sleep(time.Millisecond << n)
	}
}

func readChain(ifindex int, bpffs string) (*Chain, error) {
	links, err := readLinks()
	if err != nil {
		return nil, err
	}
	on, err := readOne(ifindex, folder(bpffs+"/xdp"), links)
	if err != nil {
		return nil, err
	}
	return &on.Chain, on.close()
}

// List returns the chains of all interfaces of this network namespace. Interfaces with other
// programs are left out.
func List(bpffs string) ([]*Chain, error) {
	return settled(func() ([]*Chain, error) { return listChains(bpffs) })
}

func listChains(bpffs string) ([]*Chain, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	links, err := readLinks()
	if err != nil {
		return nil, err
	}
	chains := []*Chain{}
	for _, i := range all {
		on, err := readOne(i.Index, folder(bpffs+"/xdp"), links)
		switch {
		case errors.Is(err, ErrNone) || errors.Is(err, ErrForeign):
			continue
		case err != nil:
			return nil, fmt.Errorf("%s: %w", i.Name, err)
		}
		if err := on.close(); err != nil {
			return nil, err
		}
		chains = append(chains, &on.Chain)
	}
	return chains, nil
}

// A present is a chain that is on an interface, with what it takes to change it.
type present struct {
	Chain
	mode       loaderimpl.XDPMode
	dispatcher *ebpf.Program
	config     *config
	parts      []*part // by slot; a program is nil where neither links nor pins have it
	link       link.ID // that holds the interface; 0 for none
}

// close closes all programs.
func (p *present) close() error {
	errs := []error{p.dispatcher.Close()}
	for _, part := range p.parts {
		if part.program != nil {
			errs = append(errs, part.program.Close())
		}
	}
	return errors.Join(errs...)
}

// readOne reads the chain of an interface. The caller closes what it returns.
func readOne(ifindex int, pins folder, links *kernelLinks) (_ *present, err error) {
	at, err := net.InterfaceByIndex(ifindex)
	if err != nil {
		return nil, fmt.Errorf("interface %d: %w", ifindex, err)
	}
	on, err := loaderimpl.XDPOn(ifindex)
	if err != nil {
		return nil, err
	}
	p := &present{mode: loaderimpl.XDPNative, link: links.interfaces[ifindex]}
	if on[p.mode] == 0 {
		p.mode = loaderimpl.XDPGeneric
	}
	id := on[p.mode]
	if id == 0 {
		return nil, fmt.Errorf("%s: %w", at.Name, ErrNone)
	}
	if p.dispatcher, err = ebpf.NewProgramFromID(id); err != nil {
		return nil, fmt.Errorf("open program %d of %s: %w", id, at.Name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	p.Interface, p.Index, p.Mode, p.Dispatcher = at.Name, ifindex, p.mode.String(), id
	if p.By = "netlink"; p.link != 0 {
		p.By = "link"
	}
	types, err := p.readConfig(id)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.Name, err)
	}
	p.Version, p.Frags, p.DevBound = p.config.version, p.config.frags, p.config.devBound
	if p.Static {
		return p, nil
	}
	slots, err := links.slots(id, types)
	if err != nil {
		return nil, err
	}
	counted, err := statsEnabled()
	if err != nil {
		return nil, err
	}
	p.Programs = []Program{}
	for slot, s := range p.config.slots {
		part := &part{run: runConfig{s.priority, s.actions}, frags: s.flags&flagFrags != 0}
		p.parts = append(p.parts, part)
		told := Program{Slot: slot, Priority: s.priority, Actions: s.actions.Names(),
			Frags: part.frags, Link: uint32(slots[slot].link)}
		pin := programPin(pins.of(ifindex, id), slot)
		if err := part.open(slots[slot].program, pin); err != nil {
			return nil, fmt.Errorf("slot %d of %s: %w", slot, at.Name, err)
		}
		if part.program != nil {
			if err := part.describe(&told, counted); err != nil {
				return nil, fmt.Errorf("slot %d of %s: %w", slot, at.Name, err)
			}
		}
		if _, err := os.Lstat(linkPin(pins.of(ifindex, id), slot)); err == nil {
			told.Pinned = true
		}
		p.Programs = append(p.Programs, told)
	}
	return p, nil
}

// readConfig reads the configuration of the interface's program, if it is a dispatcher, and returns
// its types.
func (p *present) readConfig(id ebpf.ProgramID) (*btf.Spec, error) {
	info, err := p.dispatcher.Info()
	if err != nil {
		return nil, fmt.Errorf("ask for program %d: %w", id, err)
	}
	maps, _ := info.MapIDs()
	_, typed := info.BTFID()
	if info.Name == staticName {
		return nil, p.readStatic(id, maps)
	}
	if info.Name != dispatcherName || len(maps) != 1 || !typed {
		return nil, &ForeignError{id, info.Name, p.mode}
	}
	types, err := typesOf(p.dispatcher)
	if err != nil {
		return nil, err
	}
	in, err := ebpf.NewMapFromID(maps[0])
	if err != nil {
		return nil, fmt.Errorf("open the configuration of the dispatcher: %w", err)
	}
	defer in.Close()
	data, err := in.LookupBytes(uint32(0))
	if err != nil {
		return nil, fmt.Errorf("read the configuration of the dispatcher: %w", err)
	}
	p.config, err = parseConfig(data, binary.NativeEndian, dispatcherVersion(types))
	return types, err
}

// readStatic reads a static chain, which has no programs but the dispatcher.
func (p *present) readStatic(id ebpf.ProgramID, maps []ebpf.MapID) error {
	conf, names, err := readStatic(maps)
	switch {
	case err != nil:
		return err
	case conf == nil:
		return &ForeignError{id, staticName, p.mode}
	}
	p.config, p.Static, p.Programs = conf, true, []Program{}
	for slot, s := range conf.slots {
		p.Programs = append(p.Programs, Program{Name: names[slot], Slot: slot, Priority: s.priority,
			Actions: s.actions.Names(), Frags: s.flags&flagFrags != 0})
	}
	return nil
}

// typesOf returns a program's types.
func typesOf(p *ebpf.Program) (*btf.Spec, error) {
	handle, err := p.Handle()
	if err != nil {
		return nil, fmt.Errorf("open types: %w", err)
	}
	defer handle.Close()
	return handle.Spec(nil)
}

// statsEnabled reports whether the kernel counts the runs of programs.
func statsEnabled() (bool, error) {
	text, err := os.ReadFile("/proc/sys/kernel/bpf_stats_enabled")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return strings.TrimSpace(string(text)) == "1", err
}

// A part is a program of an existing chain, or of one that is to be made.
type part struct {
	run   runConfig
	name  string
	frags bool

	program *ebpf.Program // nil for one that is not loaded
	tag     string
	loaded  time.Duration // since boot

	added *Component // of one that is not loaded
}

// open opens the program with an id or, where that is 0, the one that is pinned. It leaves the part
// without a program where there is neither.
func (p *part) open(id ebpf.ProgramID, pin string) (err error) {
	if id != 0 {
		p.program, err = ebpf.NewProgramFromID(id)
		return err
	}
	p.program, err = ebpf.LoadPinnedProgram(pin, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// describe asks the kernel about the program.
func (p *part) describe(told *Program, counted bool) error {
	info, err := p.program.Info()
	if err != nil {
		return err
	}
	p.name, told.Tag = info.Name, info.Tag
	var knownID, knownTime bool
	told.ID, knownID = info.ID()
	p.loaded, knownTime = info.LoadTime()
	if !knownID || !knownTime {
		return fmt.Errorf("program %s: %w", info.Name, errUntold)
	}
	p.tag = info.Tag
	if _, typed := info.BTFID(); typed {
		types, err := typesOf(p.program)
		if err != nil {
			return err
		}
		p.name = wholeName(types, info.Name)
	}
	told.Name = p.name
	if !counted {
		return nil
	}
	stats, err := p.program.Stats()
	if err != nil {
		return err
	}
	told.Runs, told.RunTime = &stats.RunCount, &stats.Runtime
	return nil
}
