// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

const stateFile = "state"

// Template is a guest that waits for its order, as files.
type Template struct {
	config Config
	dir    string
	// Timing of the boot that it was made from; zero if it was there already.
	Timing Timing
}

func (t *Template) path(name string) string { return filepath.Join(t.dir, name) }

func (t *Template) memoryFiles() []string {
	var files []string
	for i := range t.config.Nodes {
		files = append(files, t.path(fmt.Sprintf("node%d", i)))
	}
	return files
}

// make boots t's machine and saves it when its guest is ready.
func (t *Template) make(ctx context.Context, o Options) error {
	vm, err := start(ctx, t.config, plan{memory: memory{files: t.memoryFiles(), shared: true}}, o)
	if err != nil {
		return err
	}
	defer vm.Kill()
	select {
	case <-vm.ready:
	case <-vm.ended:
		return vm.end
	}
	if err := vm.save(ctx, t.path(stateFile)); err != nil {
		return vm.failed(err)
	}
	vm.Wait()
	t.Timing = vm.end.Timing
	return nil
}

// save writes the state of a machine whose memory is shared, and ends QEMU.
func (vm *VM) save(ctx context.Context, file string) error {
	state, err := os.Create(file)
	if err != nil {
		return err
	}
	defer state.Close()
	if err := vm.monitor.call(ctx, "stop", nil, nil); err != nil {
		return err
	}
	if err := vm.monitor.setMigration(ctx); err != nil {
		return err
	}
	if err := vm.monitor.callWithFile(ctx, state, "getfd", map[string]any{"fdname": "state"}, nil); err != nil {
		return err
	}
	if err := vm.monitor.call(ctx, "migrate", map[string]any{"uri": "fd:state"}, nil); err != nil {
		return err
	}
	if err := vm.awaitMigration(ctx); err != nil {
		return err
	}
	return vm.monitor.call(ctx, "quit", nil, nil)
}
