// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"fmt"
	"time"
)

// How long a guest that is being ended may take for it, under KVM; see
// [tcgPatience].
const (
	// panicGrace is from the first line of a panic to the reset.
	panicGrace = 5 * time.Second
	// backtraceGrace is for printing where a hang is: some 10 KiB of console.
	backtraceGrace = 250 * time.Millisecond
)

// supervise ends a VM when it is time, and says why it ended.
func (vm *VM) supervise(ctx context.Context) {
	reason := vm.watch(ctx)
	if reason.cause != "" {
		vm.evict(reason)
	}
	<-vm.process.exited
	vm.conclude()
}

// watch watches over a running VM. It returns the zero reason when QEMU has
// ended by itself, else why it must be ended.
func (vm *VM) watch(ctx context.Context) stopReason {
	total := newTimer(vm.deadlines.Total)
	defer total.Stop()
	// The phase's deadline: the boot's, none while the guest waits for its
	// order, then the silence's.
	phase, phaseName := newTimer(vm.deadlines.Boot), "boot"
	defer phase.Stop()
	ready, panicked := vm.ready, vm.console.panicked
	for {
		select {
		case <-vm.process.exited:
			return stopReason{}
		case reason := <-vm.stop:
			return reason
		case <-ctx.Done():
			return stopReason{Killed, context.Cause(ctx).Error()}
		case <-ready:
			ready = nil
			phase.Stop()
		case <-vm.progress:
			if vm.deadlines.Silence >= 0 {
				phase.Reset(vm.deadlines.Silence)
			}
			phaseName = "record"
		case <-panicked:
			// A kernel that dies should reset in no time; some hang in it.
			panicked = nil
			phase.Reset(patience(vm.config.Accel, panicGrace))
			phaseName = "reset after the panic"
		case <-phase.C:
			return vm.overdue(phaseName)
		case <-total.C:
			return stopReason{Deadline, fmt.Sprintf("not done after %v", vm.deadlines.Total)}
		}
	}
}

// newTimer works like time.NewTimer, but never fires if d is negative.
func newTimer(d time.Duration) *time.Timer {
	t := time.NewTimer(max(d, 0))
	if d < 0 {
		t.Stop()
	}
	return t
}

// overdue returns the reason to end a VM in which something did not come in time.
func (vm *VM) overdue(what string) stopReason {
	switch what {
	case "boot":
		return stopReason{Hang, fmt.Sprintf("not ready %v after power-on", vm.deadlines.Boot)}
	case "record":
		return stopReason{Hang, fmt.Sprintf("no record for %v", vm.deadlines.Silence)}
	}
	cause, detail := vm.console.died().cause()
	return stopReason{cause, detail + " (and no reset)"}
}

func patience(a Accel, d time.Duration) time.Duration {
	if a == TCG {
		return d * tcgPatience
	}
	return d
}

// evict ends QEMU for a reason.
func (vm *VM) evict(reason stopReason) {
	vm.mu.Lock()
	vm.evidence.ours, vm.evidence.ourDetail = reason.cause, reason.detail
	vm.mu.Unlock()
	if reason.cause == Hang || reason.cause == Deadline {
		vm.askForBacktrace()
	}
	vm.process.kill()
}

// askForBacktrace makes a guest that hangs say on its console where. First politely,
// over the console, which shows every CPU and every blocked task but needs an
// interrupt to be served; then by an NMI, which no kernel can ignore, and
// which ends it.
func (vm *VM) askForBacktrace() {
	ctx, cancel := context.WithTimeout(context.Background(),
		4*patience(vm.config.Accel, backtraceGrace))
	defer cancel()
	if err := vm.sysrq(ctx, "9lw"); err != nil {
		vm.options.logger().Debug("no sysrq", "error", err)
	}
	if !vm.config.Arch.NMI {
		return
	}
	if err := vm.monitor.call(ctx, "inject-nmi", nil, nil); err != nil {
		vm.options.logger().Debug("no NMI", "error", err)
		return
	}
	vm.await(patience(vm.config.Accel, backtraceGrace))
}

// sysrq presses keys of the magic SysRq: on a serial console each is a break
// and a letter (Documentation/admin-guide/sysrq.rst). 9 turns the console's
// log level up, l shows the CPUs, w the blocked tasks. A break that comes
// before the last letter was read would cancel it, so each must be answered.
func (vm *VM) sysrq(ctx context.Context, keys string) error {
	grace := time.NewTimer(patience(vm.config.Accel, backtraceGrace))
	defer grace.Stop()
	for _, key := range []byte(keys) {
		if err := vm.monitor.call(ctx, "chardev-send-break", map[string]any{"id": "console"},
			nil); err != nil {
			return err
		}
		if _, err := vm.process.console.Write([]byte{key}); err != nil {
			return err
		}
		select {
		case <-vm.console.sysrq:
		case <-vm.process.exited:
			return errMonitorGone
		case <-grace.C:
			return fmt.Errorf("no answer to key %q", key)
		}
	}
	return nil
}

// await waits until QEMU has ended, but not longer than d.
func (vm *VM) await(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-vm.process.exited:
	case <-timer.C:
	}
}

// conclude says why a VM ended whose QEMU is gone.
func (vm *VM) conclude() {
	// What QEMU had written is still in the sockets.
	vm.readers.Wait()
	<-vm.monitor.gone
	vm.process.close()
	if err := vm.ring.close(); err != nil {
		vm.options.logger().Warn("record ring not given up", "error", err)
	}

	vm.mu.Lock()
	defer vm.mu.Unlock()
	vm.timing.Gone = vm.process.gone.Sub(vm.started)
	vm.evidence.death = vm.console.died()
	vm.evidence.exit = vm.process.err
	vm.evidence.stderr = string(vm.process.stderr.Bytes())
	end := &Ended{Console: vm.console.Bytes(), Command: vm.args, Timing: vm.timing}
	end.Cause, end.Detail = vm.evidence.cause()
	if end.Cause != Clean {
		end.Backtrace = backtrace(end.Console)
	}
	vm.end = end
	close(vm.ended)
}
