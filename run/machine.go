// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/image"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// A Lab holds what all virtual machines of a run share.
type Lab struct {
	Guest     string            // path of the guest program
	Cache     string            // folder for images and templates
	Accel     machine.Accel     // how QEMU runs guests; see [Lab.Choose]
	QEMU      string            // version of it, which Choose sets
	Deadlines machine.Deadlines // the zero value is good
	Log       *slog.Logger
	// Shell is run in guests where a spec does not pass. Nil for none.
	Shell *Shell

	load loadWatch

	mu       sync.Mutex
	payloads map[string]*machine.Payload // by path
}

// Choose sets how guests are run by the user's choice, "auto", "kvm" or "tcg". Whether KVM works is
// proved by a guest of kernel k, once per boot of the host. Errors are those of
// [machine.Accelerators.Choose].
func (l *Lab) Choose(ctx context.Context, choice string, k *kernel.Kernel) error {
	initramfs, err := l.image(ctx, k)
	if err != nil {
		return err
	}
	c, err := MachineOf(k, initramfs)
	if err != nil {
		return err
	}
	l.Accel, err = machine.Accelerators{Cache: l.Cache, Log: l.Log}.Choose(ctx, choice, c)
	if err != nil {
		return err
	}
	l.QEMU, err = machine.Version(ctx, c.Arch.QEMU)
	return err
}

// MachineOf returns the machine that boots a kernel with an image.
func MachineOf(k *kernel.Kernel, initramfs image.Image) (machine.Config, error) {
	a, err := arch.ByName(k.Arch)
	if err != nil {
		return machine.Config{}, fmt.Errorf("kernel %s: %w", k.Name, err)
	}
	return machine.Config{Arch: a, Kernel: k.Image, Image: initramfs.Path}, nil
}

// image returns the initramfs for a kernel. A kernel that came without a folder of modules gets
// none: what it needs is built in, or specs say that they miss it.
func (l *Lab) image(ctx context.Context, k *kernel.Kernel) (image.Image, error) {
	options := image.Options{Kernel: k, Guest: l.Guest, Cache: image.CacheIn(l.Cache)}
	if l.Shell != nil {
		options.Shell = l.Shell.Archive
	}
	if k.ModulesDir == "" {
		options.Modules = []string{}
	}
	return image.Build(ctx, options)
}

// Kernel returns k as a kernel whose guests are virtual machines.
func (l *Lab) Kernel(k *kernel.Kernel) *Virtual { return &Virtual{lab: l, kernel: k} }

// Close releases what the lab holds. Machines that run go on.
func (l *Lab) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, p := range l.payloads {
		errs = append(errs, p.Close())
	}
	l.payloads = nil
	return errors.Join(errs...)
}

// payload returns the file at path as machines take it; nil for no path.
func (l *Lab) payload(path string) (*machine.Payload, error) {
	if path == "" {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.payloads[path]; ok {
		return p, nil
	}
	p, err := machine.OpenPayload(path, 0)
	if err != nil {
		return nil, err
	}
	if l.payloads == nil {
		l.payloads = make(map[string]*machine.Payload)
	}
	l.payloads[path] = p
	return p, nil
}

// Virtual runs guests of a kernel in virtual machines: a clone of its template for each guest, or a
// boot where it cannot be cloned.
type Virtual struct {
	lab    *Lab
	kernel *kernel.Kernel
	source machine.Source
}

// Name returns the user's name of the kernel.
func (v *Virtual) Name() string { return v.kernel.Name }

// About returns what is known of the kernel.
func (v *Virtual) About() verdict.Kernel {
	return verdict.Kernel{
		Name: v.kernel.Name, Given: v.kernel.Given, Path: v.kernel.Path,
		Release: v.kernel.Release, Version: v.kernel.Version,
		Digest: v.kernel.Digest, Arch: v.kernel.Arch,
	}
}

// Own returns true.
func (*Virtual) Own() bool { return true }

// Prepare builds the kernel's image and makes its template, unless both are there.
func (v *Virtual) Prepare(ctx context.Context) error {
	initramfs, err := v.lab.image(ctx, v.kernel)
	if err != nil {
		return err
	}
	c, err := MachineOf(v.kernel, initramfs)
	if err != nil {
		return err
	}
	c.Accel = v.lab.Accel
	templates := machine.Templates{
		Cache: machine.TemplatesIn(v.lab.Cache), Deadlines: v.lab.Deadlines, Log: v.lab.Log,
	}
	v.source, err = templates.Source(ctx, c)
	return err
}

// diedInBoot reports whether a kernel died of itself: err is an [*machine.Ended] that blames the
// kernel, not the time that passed, QEMU, or whoever ended it.
func diedInBoot(err error) bool {
	var ended *machine.Ended
	return errors.As(err, &ended) &&
		slices.Contains([]machine.Cause{machine.Panic, machine.Oops, machine.Reset}, ended.Cause)
}

// Close releases the template.
func (v *Virtual) Close() error {
	if v.source == nil {
		return nil
	}
	return v.source.Close()
}

// Run has one machine carry out an order.
func (v *Virtual) Run(
	ctx context.Context, order record.Order, payload Payload, hear func(verdict.Heard),
) verdict.Ending {
	load := v.lab.load.now(v.lab.Log)
	order.Limits = limits(order.Limits, v.source.Pace(), load)
	order.Key = record.NewKey()
	seal := record.NewSeal(order.Key)
	if v.lab.Shell != nil {
		order.Shell = v.lab.Shell.Order
	}
	vm, err := v.start(ctx, order, payload)
	if err != nil {
		return notReady(err)
	}
	began := vm.Load()
	first := true
	for {
		line, err := vm.Next(ctx)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			break
		}
		if err != nil {
			hear(verdict.Heard{Fault: err.Error()})
			continue
		}
		greeting := first && v.boots() && isHello(line.JSON)
		first = false
		if greeting {
			continue // of a machine that was booted, before it had the key
		}
		h := parseLine(line.JSON, seal)
		switch r := h.Record.(type) {
		case record.Shell:
			if v.lab.Shell != nil {
				v.lab.Shell.hear(vm, r)
				continue
			}
		case record.Begin:
			began = vm.Load()
		case record.Finish:
			if r.Overran != "" {
				h.Load = loadOf(vm.Load().Since(began), load)
				v.lab.load.saw(h.Load.Stretch)
			}
		}
		hear(h)
	}
	if ctx.Err() != nil {
		vm.Kill()
	}
	ended := vm.Wait()
	v.lab.load.saw(ended.Load.Stretch())
	end := ending(ctx, ended)
	end.Load = loadOf(ended.Load, load)
	return end
}

// boots reports whether each guest is booted, and greets before it has its order. A clone's
// greeting went to the template.
func (v *Virtual) boots() bool {
	_, cloned := v.source.(*machine.Template)
	return !cloned
}

func isHello(line []byte) bool {
	r, err := record.Parse(line)
	_, hello := r.(record.Hello)
	return err == nil && hello
}

func (v *Virtual) start(
	ctx context.Context, order record.Order, payload Payload,
) (_ *machine.VM, err error) {
	text, err := order.Text()
	if err != nil {
		return nil, err
	}
	brought, release, err := v.lab.bring(payload)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }() // a machine has its own descriptor
	deadlines := v.lab.Deadlines
	deadlines.Guest = guestDeadline(order.Limits)
	options := machine.Options{Order: text, Payload: brought, Log: v.lab.Log}
	if v.lab.Shell != nil { // a person takes as long as it takes
		deadlines.Silence, deadlines.Total = -1, -1
		options.Attach = v.lab.Shell.Console
	}
	options.Deadlines = deadlines
	return v.source.Start(ctx, options)
}

// causes maps the machine's words for why it ended to those of verdicts.
var causes = map[machine.Cause]verdict.Cause{
	machine.Clean:      verdict.PoweredOff,
	machine.Unfinished: verdict.Unfinished,
	machine.Panic:      verdict.Panicked,
	machine.Oops:       verdict.Panicked,
	machine.Reset:      verdict.Reset,
	machine.Hang:       verdict.GuestHung, // or the kernel did; see ending
	machine.Deadline:   verdict.GuestHung,
	machine.Killed:     verdict.Died,
	machine.QEMUFailed: verdict.Died,
}

// ending returns how a machine ended, as verdicts take it.
func ending(ctx context.Context, e *machine.Ended) verdict.Ending {
	end := verdict.Ending{
		Cause: causes[e.Cause], Detail: e.Detail, Backtrace: e.Backtrace,
		Console: strings.ToValidUTF8(string(e.Console), "\uFFFD"),
	}
	switch {
	case ctx.Err() != nil:
		end.Cause = verdict.Interrupted
	case e.Cause == machine.Hang:
		end.Cause = verdict.HangOf(end.Console)
	}
	return end
}

// notReady returns the ending of a machine that did not come to its order.
func notReady(err error) verdict.Ending {
	var ended *machine.Ended
	if errors.As(err, &ended) {
		end := ending(context.Background(), ended)
		end.Detail = fmt.Sprint(err)
		return end
	}
	return verdict.Ending{Cause: verdict.NotStarted, Detail: err.Error()}
}
