// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// builtin makes the loaders that are linked in, by name.
var builtin = map[string]func() loader.Loader{
	"reference": reference.New,
}

// converse begins a conversation with the loader under test.
type converse = func(ctx context.Context, trace func(loader.Exchange)) (loader.Loader, error)

// driver returns how conversations with an order's loader begin: with a value of our own, or with a
// process in the driver's root.
func driver(order record.Order, folders runner.Folders) (converse, error) {
	if name := order.Loader.Builtin; name != "" {
		create, found := builtin[name]
		if !found {
			return nil, fmt.Errorf("no loader %q is linked in", name)
		}
		return func(_ context.Context, trace func(loader.Exchange)) (loader.Loader, error) {
			return loader.Traced(create(), trace), nil
		}, nil
	}
	if len(order.Loader.Command) == 0 {
		return nil, fmt.Errorf("loader %s: neither linked in nor a command", order.Loader.Name)
	}
	thread, err := confined()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, trace func(loader.Exchange)) (loader.Loader, error) {
		var client *loader.Client
		var err error
		// The driver outlives the spec's context: it is told to close and reset after the spec's
		// time is up. It has as long to exit as for a quarter of a request: two seconds passed
		// twice on a busy host with two cores.
		thread.do(func() {
			client, err = loader.Start(context.WithoutCancel(ctx), process(order.Loader, folders),
				loader.Options{
					Deadline: order.Limits.Request, Grace: order.Limits.Request / 4, Trace: trace,
				})
		})
		if err != nil {
			return nil, err
		}
		return client, nil
	}, nil
}

// process returns the command that starts a driver.
func process(l record.Loader, folders runner.Folders) *exec.Cmd {
	return &exec.Cmd{
		Path: l.Command[0], Args: l.Command, Env: l.Env, Dir: loader.Home,
		SysProcAttr: &syscall.SysProcAttr{Chroot: folders.Root},
	}
}
