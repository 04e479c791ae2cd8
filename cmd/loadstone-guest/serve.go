// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
	"github.com/loadstone-bpf/loadstone/vmtest/guest"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// serve runs a guest from boot to power-off: it gets ready, waits for one order and sends its
// records. Whatever can be done before the order is done before it, because a clone begins there.
func serve(g *guest.Guest) error {
	if err := runner.Check(); err != nil {
		return err
	}
	seal := record.NewSeal("") // what is said before the order is not sealed
	send := func(r record.Record) error {
		line, err := record.Marshal(r)
		if err != nil {
			return err
		}
		_, err = g.Records.Write(seal.Close(line))
		return err
	}
	if err := hello(send); err != nil {
		return err
	}
	if err := liftMemlock(); err != nil {
		return err
	}
	keeper, err := newKeeper()
	if err != nil {
		return err
	}
	if err := warmUp(); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	log := &kernelLog{kmsg: g.Kmsg}
	// A boot logs some hundred lines. A first spec that forgets them would pay for reading them.
	if err := log.Mark(); err != nil {
		return err
	}
	allCPUs, err := guest.StayOnOneCPU()
	if err != nil {
		return err
	}
	watch, err := openWatch()
	if err != nil {
		return err
	}
	return runner.Serve(context.Background(), func() (order record.Order, deps runner.Deps, err error) {
		text, err := g.WaitOrder()
		if err != nil {
			return order, deps, err
		}
		if order, err = record.ParseOrder(text); err != nil {
			return order, deps, err
		}
		seal = record.NewSeal(order.Key)
		deps = runner.Deps{Records: send, Log: log, Raw: g.Records.Raw()}
		if order.Loader.Builtin == "" { // what a process finds is a whole machine
			if err := allCPUs(); err != nil {
				return order, deps, err
			}
		}
		if deps.Folders, err = folders(order, keeper, g.Payload); err != nil {
			return order, deps, err
		}
		if deps.Driver, err = driver(order, deps.Folders, keeper); err != nil {
			return order, deps, err
		}
		if order.Shell != "" {
			var shell wire.ShellOrder
			if err := json.Unmarshal([]byte(order.Shell), &shell); err != nil {
				return order, deps, fmt.Errorf("shell: %w", err)
			}
			deps.Shell = func(said func(stdout, stderr []byte)) string { return g.Look(shell, said) }
		}
		if order.Watch {
			deps.Watch, err = watch, watch.begin()
		}
		return order, deps, err
	}, g.End)
}

// warmSpecs are run before the template is taken: one loads maps and programs; the other has this
// process and the loader that is linked into it read the types of the kernel and registers a
// structure, where the kernel has any.
var warmSpecs = []string{record.TrialSpec, "structops.value.programs/map"}

// warmUp runs specs before the template is taken, so that no clone pays for what is done for the
// first time: pages that are faulted in, the kernel's types that are read. How the specs end does
// not matter here; a clone will say. They have no limits, since a busy host would then leave a
// template that is cold for as long as it is kept; the machine's deadline for the boot ends one
// that hangs.
func warmUp() error {
	order := record.Order{
		Run: "warm-up", Kernel: "warm-up", Specs: warmSpecs,
		Loader: record.Loader{Name: "reference", Builtin: "reference"},
	}
	here, err := folders(order, nil, nil)
	if err != nil {
		return err
	}
	deps := runner.Deps{Folders: here}
	if deps.Driver, err = driver(order, here, nil); err != nil {
		return err
	}
	if err := oracle.PrepareNUMANode(); err != nil && !errors.Is(err, oracle.ErrCannotTell) {
		return err
	}
	return runner.WarmUp(context.Background(), order, deps)
}

// hello says which kernel this is.
func hello(send func(record.Record) error) error {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return fmt.Errorf("uname: %w", err)
	}
	return send(record.Hello{
		Release: unix.ByteSliceToString(uts.Release[:]),
		Machine: unix.ByteSliceToString(uts.Machine[:]),
	})
}

// folders returns those that specs work in: in our own root for a loader that is linked in, else in
// the driver's, which it unpacks from the machine's payload; and the folder of the objects that the
// host brought, which is ours alone.
func folders(
	order record.Order, keeper *surround.Keeper, payload func() ([]byte, error),
) (runner.Folders, error) {
	f := runner.Folders{Work: "/run/work", BPFFS: "/sys/fs/bpf"}
	var archive []byte
	if order.Loader.Bundle || order.Brought {
		var err error
		if archive, err = payload(); err != nil {
			return f, err
		}
	}
	if order.Loader.Bundle {
		f.Root = "/run/loader"
		if err := os.MkdirAll(f.Root, 0o755); err != nil {
			return f, err
		}
		var err error
		if archive, err = guest.UnpackFirst(archive, f.Root); err != nil {
			return f, fmt.Errorf("bring %s: %w", order.Loader.Name, err)
		}
		if err := furnish(f.Root, keeper.Proc()); err != nil {
			return f, err
		}
	} else if err := os.MkdirAll(f.Work, 0o711); err != nil {
		return f, err
	}
	if order.Brought {
		f.Brought = "/run/brought"
		if err := os.MkdirAll(f.Brought, 0o700); err != nil {
			return f, err
		}
		if err := guest.Unpack(archive, f.Brought); err != nil {
			return f, fmt.Errorf("bring objects: %w", err)
		}
	}
	return f, nil
}

// furnish gives a driver's root the folders of the running system that a loader looks at.
//
//	<root>/proc              that of the drivers' PID namespace
//	<root>/sys               as in our own root, with what is mounted below it
//	<root>/dev               its own, with a few devices
//	<root>/run, <root>/tmp   the root's own
func furnish(root, proc string) error {
	if err := ownDevices(root + "/dev"); err != nil {
		return err
	}
	for dir, from := range map[string]string{"/proc": proc, "/sys": "/sys"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(from, root+dir, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s in the driver's root: %w", dir, err)
		}
	}
	for _, dir := range []string{"/run", "/run/work", "/tmp", loader.Home} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// kernelLog reads the kernel's log for a run, in lines as /dev/kmsg has them, which is how verdicts
// read it.
type kernelLog struct{ kmsg *guest.Kmsg }

// openKernelLog opens the log of a kernel that has long been running. What it logged before, and
// dropped, does not matter.
func openKernelLog() (*kernelLog, error) {
	kmsg, err := guest.OpenKmsg()
	if err != nil {
		return nil, err
	}
	if _, err := kmsg.Entries(); err != nil && !errors.Is(err, guest.ErrKmsgOverrun) {
		return nil, err
	}
	return &kernelLog{kmsg: kmsg}, nil
}

// Mark forgets what was logged so far.
func (l *kernelLog) Mark() error {
	_, err := l.kmsg.Entries()
	return err
}

// Since returns what was logged since Mark.
func (l *kernelLog) Since() ([]string, error) {
	entries, err := l.kmsg.Entries()
	lines := make([]string, 0, len(entries))
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("%d,%d,%d,-;%s", e.Facility<<3|e.Level, e.Seq, e.Time.Microseconds(), e.Text))
	}
	return lines, err
}
