// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/suites/runner"
	"github.com/loadstone-bpf/loadstone/suites/runner/surround"
)

// builtin makes the loaders that are linked in, by name.
var builtin = map[string]func() loader.Loader{
	"reference": reference.New,
}

// converse begins a conversation with the loader under test.
type converse = func(
	ctx context.Context, in requirements.Surroundings, trace func(loader.Exchange),
) (loader.Loader, error)

// driver returns how conversations with an order's loader begin: with a value of our own, or with a
// process in the driver's root. A loader that is linked in is a process of this program where the
// surroundings are not ours.
func driver(order record.Order, folders runner.Folders, keeper *surround.Keeper) (converse, error) {
	command := func() *exec.Cmd { return process(order.Loader, folders) }
	create, linkedIn := builtin[order.Loader.Builtin]
	switch {
	case linkedIn:
		command = func() *exec.Cmd { return ourselves(order.Loader.Builtin) }
	case order.Loader.Builtin != "":
		return nil, fmt.Errorf("no loader %q is linked in", order.Loader.Builtin)
	case len(order.Loader.Command) == 0:
		return nil, fmt.Errorf("loader %s: neither linked in nor a command", order.Loader.Name)
	}
	var usual *surround.Thread
	if !linkedIn {
		var err error
		if usual, err = surround.NewThread(keeper); err != nil {
			return nil, err
		}
	}
	return func(
		ctx context.Context, in requirements.Surroundings, trace func(loader.Exchange),
	) (loader.Loader, error) {
		if linkedIn && in.IsZero() {
			return loader.Traced(create(), trace), nil
		}
		// The driver outlives the spec's context: it is told to close and reset after the spec's
		// time is up. It has as long to exit as for a quarter of a request: two seconds passed
		// twice on a busy host with two cores.
		ctx = context.WithoutCancel(ctx)
		options := loader.Options{
			Deadline: order.Limits.Request, Grace: order.Limits.Request / 4, Trace: trace,
		}
		if !in.IsZero() {
			bpffs := filepath.Join(folders.Root, folders.BPFFS)
			return surround.Start(ctx, command(), in, bpffs, keeper, options)
		}
		var client *loader.Client
		var err error
		usual.Do(func() { client, err = loader.Start(ctx, command(), options) })
		if err != nil {
			return nil, err
		}
		return client, nil
	}, nil
}

// keeperProc is where the /proc of drivers is mounted.
const keeperProc = "/run/proc"

// newKeeper starts this program again as the keeper of the PID namespace of drivers; nil for a
// kernel without CONFIG_PID_NS, on which drivers are in ours.
func newKeeper() (*surround.Keeper, error) {
	command := &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{"loadstone-guest", "keeper", keeperProc},
	}
	keeper, err := surround.NewKeeper(command, keeperProc)
	if errors.Is(err, unix.EINVAL) {
		return nil, nil
	}
	return keeper, err
}

// ourselves returns the command that runs a loader that is linked in as a process.
func ourselves(name string) *exec.Cmd {
	return &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{"loadstone-guest", "driver", name},
		// The collector would close descriptors that a loader lost, and hide a leak.
		Env: []string{"GOGC=off"},
	}
}

// beDriver speaks the loader protocol as a loader that is linked in, until it is told to end.
func beDriver(name string) error {
	create, found := builtin[name]
	if !found {
		return fmt.Errorf("no loader %q is linked in", name)
	}
	loader.Main(create())
	return nil
}

// liftMemlock has every loader begin without a limit on locked memory, as a manager of services
// gives it to what loads BPF: kernels before 5.11 charge maps and programs to it, many loaders
// leave it to their users, and no driver does for its loader what a user would have to do. What a
// loader does about a limit is asked by specs that set one. On the host's own kernel it is lifted
// as far as this process may.
func liftMemlock() error {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
	if errors.Is(err, unix.EPERM) {
		if err = unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err == nil {
			limit.Cur = limit.Max
			err = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
		}
	}
	if err != nil {
		return fmt.Errorf("lift the limit on locked memory: %w", err)
	}
	return nil
}

// process returns the command that starts a driver.
func process(l record.Loader, folders runner.Folders) *exec.Cmd {
	return &exec.Cmd{
		Path: l.Command[0], Args: l.Command, Env: l.Env, Dir: loader.Home,
		SysProcAttr: &syscall.SysProcAttr{Chroot: folders.Root},
	}
}
