// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/loadstone-bpf/loadstone/vmtest/flock"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// ErrNoClones marks errors about a machine that cannot be kept as a
// template: its type has devices that QEMU does not save, or QEMU is too old
// to leave memory where it is (x-ignore-shared came with 4.0).
var ErrNoClones = errors.New("machine cannot be cloned")

// Template holds a guest that waits for its order, as files: the memory of each
// node as it is, and the state of everything else. It is never written to
// again, and any number of clones read it at the same time.
type Template struct {
	config Config
	dir    string
	lock   *flock.Lock // shared, so that no process removes it
	// Made is when the parts of its making were done, from the start of
	// QEMU; zero if it was there already.
	Made Timing
	boot boot
}

// Pace returns how many times as slow as usual the guest is, by the time that
// its boot took and the host gave it; 1 if it is as fast, or that is not known.
func (t *Template) Pace() float64 { return t.boot.pace() }

const stateFile = "state"

func (t *Template) path(name string) string { return filepath.Join(t.dir, name) }

// memoryFiles returns the files of the nodes' memory.
func (t *Template) memoryFiles() []string {
	var files []string
	for i := range t.config.Nodes {
		files = append(files, t.path(fmt.Sprintf("node%d", i)))
	}
	return files
}

// making returns the plan of the machine that a template is made from.
func (t *Template) making() plan {
	return plan{memory: memory{files: memoryDescriptors(t.config), shared: true}}
}

// resuming returns the plan of a machine that goes on from the template.
func (t *Template) resuming() plan {
	return plan{memory: memory{files: t.memoryFiles()}, resume: true}
}

// Close lets others remove the template. Clones that run are not harmed.
func (t *Template) Close() error {
	t.lock.Unlock()
	return nil
}

// make boots the template's machine and saves it when its guest is ready.
func (t *Template) make(ctx context.Context, o Options) error {
	if !t.config.Arch.Clones {
		return fmt.Errorf("%w: nobody has tried it on %s", ErrNoClones, t.config.Arch.Name)
	}
	nodes, err := newNodeMemory(t.config)
	if err != nil {
		return err
	}
	defer nodes.close()
	vm, err := start(ctx, t.config, t.making(), o, nodes...)
	if err != nil {
		return err
	}
	select {
	case <-vm.ready:
	case <-vm.ended:
		return vm.end
	}
	if err := vm.save(ctx, t.path(stateFile)); err != nil {
		return vm.failed(err)
	}
	t.Made = vm.Wait().Timing
	if err := t.forgetRingAddress(); err != nil {
		return err
	}
	return nodes.keep(t.memoryFiles())
}

// ringBlock names the end of the name of the ring's memory in a state.
const ringBlock = "/ring"

// forgetRingAddress says in the state that the ring's memory is nowhere.
//
// QEMU refuses a state in which memory that is left where it is has another
// address than in the machine that reads it (ram_load_precopy in
// migration/ram.c, "Mismatched GPAs"). It looks before it has read where the
// guest put the devices' memory, so that of a device is nowhere then, at 0, and
// goes to its place a little later, with the device's registers.
func (t *Template) forgetRingAddress() error {
	if t.config.Arch.Ring.Driver == "" {
		return nil
	}
	state, err := os.ReadFile(t.path(stateFile))
	if err != nil {
		return err
	}
	at, err := ringAddress(state)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoClones, err)
	}
	clear(state[at : at+8])
	return os.WriteFile(t.path(stateFile), state, 0o644)
}

// ringAddress returns where a state has the address of the ring's memory, 8 bytes:
// behind the block's name and its size, which is big endian.
func ringAddress(state []byte) (int, error) {
	entry := binary.BigEndian.AppendUint64([]byte(ringBlock), wire.RingSize)
	at := bytes.Index(state, entry)
	if at < 0 || bytes.Contains(state[at+1:], entry) || at+len(entry)+8 > len(state) {
		return 0, errors.New("no state of a machine with one record ring")
	}
	return at + len(entry), nil
}

// save writes the state of a machine whose memory is shared, and ends QEMU.
func (vm *VM) save(ctx context.Context, file string) error {
	state, err := os.Create(file)
	if err != nil {
		return err
	}
	defer state.Close() // QEMU has its own descriptor
	if err := vm.monitor.call(ctx, "stop", nil, nil); err != nil {
		return err
	}
	if err := vm.monitor.setMigration(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNoClones, err)
	}
	if err := vm.monitor.callWithFile(ctx, state, "getfd", map[string]any{"fdname": "state"},
		nil); err != nil {
		return err
	}
	if err := vm.monitor.call(ctx, "migrate", map[string]any{"uri": "fd:state"}, nil); err != nil {
		return fmt.Errorf("%w: %w", ErrNoClones, err)
	}
	if err := vm.awaitMigration(ctx); err != nil {
		return err
	}
	return vm.monitor.call(ctx, "quit", nil, nil)
}
