// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"fmt"
	"time"
)

// How long a guest that is being ended may take for it, under KVM; see
// [Deadlines.patience].
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
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	total := vm.meter.due("end", vm.deadlines.Total)
	// The phase's deadline: the boot's, none while the guest waits for its
	// order, then the silence's.
	phase := vm.meter.due("boot", vm.deadlines.Boot)
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
			if phase.what == "boot" { // its order may have been sent already
				phase = vm.meter.due("order", -1)
			}
		case <-vm.progress:
			phase = vm.meter.due("record", vm.deadlines.Silence)
			phase.atLeast = vm.deadlines.Guest
		case <-panicked:
			// A kernel that dies should reset in no time; some hang in it.
			panicked = nil
			phase = vm.meter.due("reset after the panic", vm.patience(panicGrace))
		case now := <-tick.C:
			vm.meter.Look(now)
			given, _ := vm.meter.SoFar()
			for _, d := range []due{phase, total} {
				if d.over(given, now) {
					return vm.overdue(d, now)
				}
			}
		}
	}
}

// due says that something is due once the guest was given so much time.
type due struct {
	what    string
	limit   time.Duration // negative for ever
	atLeast time.Duration // by the clock

	given time.Duration // at the start
	began time.Time
}

// due returns what begins now.
func (m *Meter) due(what string, limit time.Duration) due {
	return due{what: what, limit: limit, given: m.now(), began: time.Now()}
}

// over reports whether the time is up.
func (d due) over(given time.Duration, now time.Time) bool {
	return d.limit >= 0 && given-d.given >= d.limit && now.Sub(d.began) >= d.atLeast
}

// in returns the limit in words, with what has passed by the clock where that is much more.
func (d due) in(now time.Time) string {
	if clock := now.Sub(d.began); clock > d.limit+d.limit/8+2*lookEvery {
		return fmt.Sprintf("%v (%v by the clock)", d.limit, clock.Round(time.Second))
	}
	return d.limit.String()
}

// overdue returns the reason to end a VM in which something did not come in time.
func (vm *VM) overdue(d due, now time.Time) stopReason {
	switch d.what {
	case "boot":
		return stopReason{Hang, "not ready after " + d.in(now)}
	case "record":
		return stopReason{Hang, "no record for " + d.in(now)}
	case "end":
		return stopReason{Deadline, "not done after " + d.in(now)}
	}
	cause, detail := vm.console.died().cause()
	return stopReason{cause, detail + " (and no reset)"}
}

// patience returns how long a guest may take for what takes so long under KVM.
func (vm *VM) patience(d time.Duration) time.Duration {
	return vm.options.Deadlines.patience(vm.config.Accel, d)
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
	ctx, cancel := vm.meter.within(context.Background(), 4*vm.patience(backtraceGrace))
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
	vm.await(vm.patience(backtraceGrace))
}

// sysrq presses keys of the magic SysRq: on a serial console each is a break
// and a letter (Documentation/admin-guide/sysrq.rst). 9 turns the console's
// log level up, l shows the CPUs, w the blocked tasks. A break that comes
// before the last letter was read would cancel it, so each must be answered.
func (vm *VM) sysrq(ctx context.Context, keys string) error {
	grace, cancel := vm.meter.within(ctx, vm.patience(backtraceGrace))
	defer cancel()
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
		case <-grace.Done():
			return fmt.Errorf("no answer to key %q", key)
		}
	}
	return nil
}

// await waits until QEMU has ended, but not longer than until it was given d.
func (vm *VM) await(d time.Duration) {
	ctx, cancel := vm.meter.within(context.Background(), d)
	defer cancel()
	select {
	case <-vm.process.exited:
	case <-ctx.Done():
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
	_, end.Load = vm.meter.SoFar()
	if end.Cause != Clean {
		end.Backtrace = backtrace(end.Console)
	}
	vm.end = end
	close(vm.ended)
}
