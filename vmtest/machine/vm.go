// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// ErrOrder marks errors about an order that cannot be sent.
var ErrOrder = errors.New("order")

// VM describes a running guest. It mirrors exec.Cmd after Start: something goes in
// ([VM.Send]), something comes out ([VM.Next], [VM.Console]), and [VM.Wait]
// says how it ended. It is safe for concurrent use.
type VM struct {
	config    Config
	options   Options
	deadlines Deadlines
	args      []string
	started   time.Time

	process *process
	meter   *Meter
	monitor *monitor
	console *console
	mailbox *mailbox
	ring    *ring
	readers sync.WaitGroup // of console and records

	ready    chan struct{}   // closed at the guest's word
	progress chan struct{}   // has an item after an order and after a record
	migrated chan struct{}   // closed when a migration is complete
	stop     chan stopReason // why this program ends the VM
	ended    chan struct{}   // closed when end is set
	end      *Ended

	mu       sync.Mutex
	ordered  bool
	evidence evidence
	timing   Timing
}

// stopReason describes why this program ends a VM.
type stopReason struct {
	cause  Cause
	detail string
}

// start starts QEMU and everything that listens to it. Extra files follow the
// channels and the payload.
func start(ctx context.Context, c Config, p plan, o Options, extra ...*os.File) (_ *VM, err error) {
	payload := o.Payload
	if payload == nil {
		if payload, err = noPayload(c.PayloadMiB); err != nil {
			return nil, err
		}
		defer payload.Close() // QEMU has its own descriptor
	}
	if payload.capacity != int64(c.PayloadMiB)<<20 {
		return nil, fmt.Errorf("%w: payload was made for a device of %d MiB, the machine's has %d",
			ErrConfig, payload.capacity>>20, c.PayloadMiB)
	}
	vm := &VM{
		config: c, options: o, deadlines: o.Deadlines.withDefaults(c.Accel), args: argv(c, p),
		mailbox:  newMailbox(),
		ready:    make(chan struct{}),
		progress: make(chan struct{}, 1),
		migrated: make(chan struct{}),
		stop:     make(chan stopReason, 1),
		ended:    make(chan struct{}),
	}
	vm.evidence.exitStatus = c.Arch.Exit.Status
	if vm.console, err = newConsole(o.Console, o.Attach); err != nil {
		return nil, err
	}
	if vm.ring, err = newRing(); err != nil {
		return nil, err
	}
	vm.started = time.Now()
	files := append([]*os.File{payload.file, vm.ring.file}, extra...)
	if vm.process, err = startProcess(vm.args, files...); err != nil {
		return nil, errors.Join(err, vm.ring.close())
	}
	vm.meter = newMeter(vm.PID(), vm.started, o.Log)
	vm.monitor = newMonitor(vm.process.monitor, vm.handle)
	vm.readers.Go(vm.readConsole)
	vm.listen()
	go vm.supervise(ctx)
	if err := vm.monitor.begin(ctx); err != nil {
		return nil, vm.failed(err)
	}
	if !p.resume {
		go vm.sendOrderWhenReady()
	}
	return vm, nil
}

// failed ends a VM that could not be brought to run, and returns err with
// what QEMU had to say.
func (vm *VM) failed(err error) error {
	vm.stopFor(QEMUFailed, err.Error())
	vm.Wait()
	if stderr := strings.TrimSpace(string(vm.process.stderr.Bytes())); stderr != "" {
		return fmt.Errorf("%w: %s", err, stderr)
	}
	return err
}

// sendOrderWhenReady sends the order of the options, if there is one.
func (vm *VM) sendOrderWhenReady() {
	if vm.options.Order == nil {
		return
	}
	if err := vm.Send(vm.options.Order); err != nil {
		vm.stopFor(QEMUFailed, err.Error())
	}
}

// Send sends the guest its order, a line without its newline of at most
// [wire.MaxOrder] bytes; what is larger belongs into the payload. It waits
// until the guest is ready, and returns an error wrapping [ErrOrder] if the
// guest ends before that, or has an order already.
func (vm *VM) Send(order []byte) error {
	if len(order) > wire.MaxOrder {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrOrder, len(order), wire.MaxOrder)
	}
	for i, c := range order {
		if c == '\n' {
			return fmt.Errorf("%w: newline at byte %d", ErrOrder, i)
		}
	}
	select {
	case <-vm.ready:
	case <-vm.ended:
		return fmt.Errorf("%w: not sent: %w", ErrOrder, vm.end)
	}
	vm.mu.Lock()
	defer vm.mu.Unlock()
	if vm.ordered {
		return fmt.Errorf("%w: the guest has one already", ErrOrder)
	}
	vm.ordered = true
	wake := wire.Wake{Now: time.Now()}
	if vm.options.Payload != nil {
		wake.Payload = vm.options.Payload.size
	}
	if _, err := rand.Read(wake.Seed[:]); err != nil {
		return fmt.Errorf("%w: seed: %w", ErrOrder, err)
	}
	// One write: the guest reads both lines at one interrupt's cost.
	lines := append([]byte(wake.Line()+"\n"), order...)
	if _, err := vm.process.records.Write(append(lines, '\n')); err != nil {
		return fmt.Errorf("%w: %w", ErrOrder, err)
	}
	vm.progressed()
	return nil
}

// Next waits for the guest's next record. It returns an error wrapping
// [ErrRecordGarbage], [ErrRecordTooLarge], [ErrRecordTruncated] or
// [ErrRecordsFull] in the place of a record that is none; the ones after it
// still come. It returns io.EOF when the guest has ended and everything was
// fetched, and the cause of ctx if that ends first.
func (vm *VM) Next(ctx context.Context) (Record, error) {
	return vm.mailbox.next(ctx)
}

// Console returns the end of the console so far.
func (vm *VM) Console() []byte { return vm.console.Bytes() }

// Type types b on the console's keyboard.
func (vm *VM) Type(b []byte) (int, error) { return vm.process.console.Write(b) }

// Kill ends the VM at once. It can be called at any time.
func (vm *VM) Kill() { vm.stopFor(Killed, "by its caller") }

// Wait waits for the end and says how it came.
func (vm *VM) Wait() *Ended {
	<-vm.ended
	return vm.end
}

// Done returns a channel that is closed at the end.
func (vm *VM) Done() <-chan struct{} { return vm.ended }

// PID returns the process id of QEMU.
func (vm *VM) PID() int { return vm.process.cmd.Process.Pid }

// Load returns how busy the host was since QEMU was started, up to now or a moment ago.
func (vm *VM) Load() Load {
	vm.meter.refresh(time.Now())
	_, load := vm.meter.SoFar()
	return load
}

// Resident returns how much of the host's memory QEMU has in use, in bytes: all of it, and the part
// that it shares with no other. Clones share with each other what they have not written of their
// template, and QEMU itself.
func (vm *VM) Resident() (all, own int64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", vm.PID()))
	if err != nil {
		return 0, 0, fmt.Errorf("memory of QEMU: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		// "Rss:    61440 kB"
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] != "kB" {
			continue
		}
		kib, err := strconv.ParseInt(fields[1], 10, 53)
		if err != nil {
			return 0, 0, fmt.Errorf("memory of QEMU: %w", err)
		}
		switch fields[0] {
		case "Rss:":
			all = kib << 10
		case "Private_Clean:", "Private_Dirty:":
			own += kib << 10
		}
	}
	return all, own, nil
}

// stopFor tells the supervisor to end the VM; the first reason counts.
func (vm *VM) stopFor(cause Cause, detail string) {
	select {
	case vm.stop <- stopReason{cause, detail}:
	default:
	}
}

// progressed tells the supervisor that the guest is alive.
func (vm *VM) progressed() {
	select {
	case vm.progress <- struct{}{}:
	default:
	}
}

// sinceStart returns how long ago QEMU was started.
func (vm *VM) sinceStart() time.Duration { return time.Since(vm.started) }

// handle takes an event of the monitor's.
func (vm *VM) handle(e event) {
	switch {
	case e.Event == "SHUTDOWN":
		vm.mu.Lock()
		vm.evidence.shutdown = e.Data.Reason
		vm.mu.Unlock()
	case e.Event == "MIGRATION" && e.Data.Status == "completed":
		close(vm.migrated)
	case e.Event == "MIGRATION" && e.Data.Status == "failed":
		vm.stopFor(QEMUFailed, "migration failed")
	}
}

// readConsole reads the console to its end.
func (vm *VM) readConsole() {
	if err := vm.console.read(channel{vm.process.console}); err != nil {
		vm.options.logger().Warn("console not kept", "error", err)
	}
}

// listen reads the record port and the ring to their end. Each has a reader of
// its own: what a guest writes to one breaks nothing on the other.
func (vm *VM) listen() {
	port := newBells(channel{vm.process.records})
	var both sync.WaitGroup
	both.Go(func() { vm.readRecords(port) })
	both.Go(func() { vm.readRecords(&ringReader{ring: vm.ring.Ring, rang: port.rang}) })
	vm.readers.Go(func() {
		both.Wait()
		vm.mailbox.close()
	})
}

// readRecords reads records to their end.
func (vm *VM) readRecords(r io.Reader) {
	reader := wire.NewReader(r)
	for {
		frame, err := reader.Next()
		switch {
		case err == io.EOF:
			return
		case wireFault(err):
			vm.mailbox.put(delivery{err: err})
		case err != nil:
			vm.stopFor(QEMUFailed, "record port: "+err.Error())
			return
		case frame.Kind == wire.KindWord:
			vm.hear(string(frame.Payload))
		default:
			vm.deliver(frame.Payload)
		}
	}
}

// wireFault reports whether err is the guest's fault and not the port's.
func wireFault(err error) bool {
	return errors.Is(err, ErrRecordGarbage) || errors.Is(err, ErrRecordTooLarge) ||
		errors.Is(err, ErrRecordTruncated)
}

// deliver puts a record into the mailbox.
func (vm *VM) deliver(json []byte) {
	at := vm.sinceStart()
	vm.mu.Lock()
	if vm.timing.FirstRecord == 0 {
		vm.timing.FirstRecord = at
	}
	vm.mu.Unlock()
	vm.mailbox.put(delivery{record: Record{JSON: json, At: at}})
	vm.progressed()
}

// hear takes a word of the guest's.
func (vm *VM) hear(word string) {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	switch failure, failed := strings.CutPrefix(word, wire.WordFailed); {
	case failed:
		vm.evidence.failedWord = failure
	case word == wire.WordEnd:
		vm.evidence.endWord = true
	case word == wire.WordReady && vm.timing.Ready == 0:
		vm.timing.Ready = vm.sinceStart()
		vm.meter.Look(time.Now())
		vm.timing.Given, _ = vm.meter.SoFar()
		close(vm.ready)
	default:
		vm.mailbox.put(delivery{err: fmt.Errorf("%w: word %q", ErrRecordGarbage, word)})
	}
}
