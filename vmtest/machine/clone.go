// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"fmt"
	"os"
)

// Clone starts a VM that goes on where t's guest said that it is ready, and
// sends it its order. The clone has t's memory copy-on-write; t stays as it
// is. When ctx ends, so does the VM.
func (t *Template) Clone(ctx context.Context, o Options) (*VM, error) {
	state, err := os.Open(t.path(stateFile))
	if err != nil {
		return nil, fmt.Errorf("clone: %w", err)
	}
	defer state.Close() // QEMU has its own descriptor, with its own offset below

	o.Deadlines.pace = t.Pace()
	vm, err := start(ctx, t.config, t.resuming(), o, state)
	if err != nil {
		return nil, fmt.Errorf("clone: %w", err)
	}
	if err := vm.resume(ctx); err != nil {
		return nil, fmt.Errorf("clone: %w", vm.failed(err))
	}
	return vm, nil
}

// resume makes QEMU read the state it was started with and go on.
func (vm *VM) resume(ctx context.Context) error {
	if err := vm.monitor.setMigration(ctx); err != nil {
		return err
	}
	uri := map[string]any{"uri": fmt.Sprintf("fd:%d", fdState)}
	if err := vm.monitor.call(ctx, "migrate-incoming", uri, nil); err != nil {
		return err
	}
	if err := vm.awaitMigration(ctx); err != nil {
		return err
	}
	if err := vm.monitor.call(ctx, "cont", nil, nil); err != nil {
		return err
	}
	vm.mu.Lock()
	vm.timing.Resumed = vm.sinceStart()
	vm.timing.Ready = vm.timing.Resumed
	vm.mu.Unlock()
	close(vm.ready)
	if vm.options.Order == nil {
		return nil
	}
	return vm.Send(vm.options.Order)
}

// setMigration switches on what saving and resuming need: shared memory is
// left where it is, and the end is told as an event.
func (m *monitor) setMigration(ctx context.Context) error {
	on := func(capability string) map[string]any {
		return map[string]any{"capability": capability, "state": true}
	}
	return m.call(ctx, "migrate-set-capabilities", map[string]any{
		"capabilities": []any{on("x-ignore-shared"), on("events")},
	}, nil)
}

// awaitMigration waits until the state is saved or read.
func (vm *VM) awaitMigration(ctx context.Context) error {
	select {
	case <-vm.migrated:
		return nil
	case <-vm.process.exited:
		return fmt.Errorf("%w: ended in the middle of a migration", ErrQEMU)
	case <-vm.ended:
		return vm.end
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
