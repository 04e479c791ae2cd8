// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
	"github.com/loadstone-bpf/loadstone/vmtest/image"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// shellArchive names the archive with the shell's commands, beside this program.
const shellArchive = "shell.cpio"

// escapeKey ends the machine from the keyboard: Ctrl-], as in telnet.
const escapeKey = 0x1d

type shellOptions struct {
	kernel  string
	accel   string
	modules []string
	cache   *cacheOptions
}

// newShellCommand returns the command shell, for which addCacheFlags has been
// called on a command above it, with the same cache.
func newShellCommand(cache *cacheOptions) *cobra.Command {
	o := shellOptions{cache: cache}
	cmd := &cobra.Command{
		Use:   "shell",
		Short: "Look around in a kernel that specs run on",
		Long: `Starts a machine like those that specs run in, with the same kernel, modules
and mounts, and u-root's commands, and gives you a shell in it. Leave it with
exit or Ctrl-D; Ctrl-] ends the machine whatever it does. Nothing in it lasts.

If the input is not a terminal, it is run as a script: what that prints comes
out here, and its exit status is this command's.`,
		Example: `  loadstone shell --kernel 6.12
  echo 'uname -r; lsmod' | loadstone shell --kernel 6.12
  loadstone shell --kernel ~/linux --module nf_tables`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.kernel, "kernel", "6.12", "start `K`: a series, an exact version or a path")
	addAccelFlag(cmd, &o.accel)
	flags.StringArrayVar(&o.modules, "module", nil, "load module `M` too (repeatable)")
	return cmd
}

func (o shellOptions) run(cmd *cobra.Command) error {
	source, err := o.prepare(cmd, notices{cmd.ErrOrStderr()})
	if err != nil {
		return err
	}
	defer source.Close()
	if in, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		return o.attach(cmd, source, in)
	}
	return o.script(cmd, source)
}

// prepare makes the template of a machine with a shell, unless it exists.
func (o shellOptions) prepare(cmd *cobra.Command, said slog.Handler) (machine.Source, error) {
	ctx := cmd.Context()
	k, err := o.getKernel(cmd)
	if err != nil {
		return nil, err
	}
	dir, err := o.cache.dir()
	if err != nil {
		return nil, err
	}
	initramfs, err := o.buildImage(ctx, k, image.CacheIn(dir))
	if err != nil {
		return nil, err
	}
	log := slog.New(said)
	config, err := run.MachineOf(k, initramfs)
	if err != nil {
		return nil, err
	}
	config.KernelArgs = []string{wire.ShellArgument}
	config.Accel, err = machine.Accelerators{Cache: dir, Log: log}.Choose(ctx, o.accel, config)
	if errors.Is(err, machine.ErrConfig) {
		return nil, usageError{err}
	}
	if err != nil {
		return nil, err
	}
	return machine.Templates{Cache: machine.TemplatesIn(dir), Log: log}.Source(ctx, config)
}

func (o shellOptions) getKernel(cmd *cobra.Command) (*kernel.Kernel, error) {
	store, end, err := o.cache.store(cmd, false)
	if err != nil {
		return nil, err
	}
	defer end()
	k, err := store.Get(cmd.Context(), o.kernel)
	switch {
	case errors.Is(err, kernel.ErrUsage):
		return nil, usageError{err}
	case err != nil:
		return nil, err
	case k.Image == "":
		return nil,
			usageError{fmt.Errorf("kernel %s has no image that a machine could start", o.kernel)}
	}
	return k, nil
}

func (o shellOptions) buildImage(
	ctx context.Context, k *kernel.Kernel, cache string,
) (image.Image, error) {
	guest, err := run.FindGuest()
	if err != nil {
		return image.Image{}, err
	}
	archive := filepath.Join(filepath.Dir(guest), shellArchive)
	if _, err := os.Stat(archive); errors.Is(err, fs.ErrNotExist) {
		return image.Image{},
			fmt.Errorf("%s, which has the shell's commands, is not there: 'make build' makes it",
				archive)
	}
	initramfs, err := image.Build(ctx, image.Options{
		Kernel: k, Guest: guest, Shell: archive, Cache: cache,
		Modules: append(append([]string(nil), image.DefaultModules...), o.modules...),
	})
	if errors.Is(err, kernel.ErrNoModule) && len(o.modules) > 0 {
		return image.Image{}, usageError{err}
	}
	return initramfs, err
}

// noDeadlines sets no deadlines, for a machine that a person uses.
var noDeadlines = machine.Deadlines{Silence: -1, Total: -1}

// script runs the command's input as a script.
func (o shellOptions) script(cmd *cobra.Command, source machine.Source) error {
	text, err := io.ReadAll(cmd.InOrStdin())
	if err != nil {
		return err
	}
	payload, err := machine.NewPayload(bytes.NewReader(text), 0)
	if err != nil {
		return err
	}
	defer payload.Close()
	order, err := json.Marshal(wire.ShellOrder{})
	if err != nil {
		return err
	}
	vm, err := source.Start(cmd.Context(),
		machine.Options{Order: order, Payload: payload, Deadlines: noDeadlines})
	if err != nil {
		return err
	}
	return wait(cmd, vm)
}

// attach gives the user's terminal to the machine's console.
func (o shellOptions) attach(cmd *cobra.Command, source machine.Source, in *os.File) (err error) {
	cols, rows, err := term.GetSize(int(in.Fd()))
	if err != nil || rows <= 0 || cols <= 0 {
		cols, rows = 80, 24 // a terminal that does not know
	}
	order, err := json.Marshal(wire.ShellOrder{
		Rows: uint16(rows), Cols: uint16(cols), Term: os.Getenv("TERM"),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "loadstone: leave with exit; Ctrl-] ends the machine")
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(int(in.Fd()), before)) }()
	vm, err := source.Start(cmd.Context(),
		machine.Options{Order: order, Deadlines: noDeadlines, Attach: cmd.OutOrStdout()})
	if err != nil {
		return err
	}
	defer vm.Kill()
	go typeInto(vm, in)
	return wait(cmd, vm)
}

// typeInto types what in says into the machine, until the escape key.
func typeInto(vm *machine.VM, in io.Reader) {
	b := make([]byte, 256)
	for {
		n, err := in.Read(b)
		if i := bytes.IndexByte(b[:n], escapeKey); i >= 0 {
			vm.Kill()
			return
		}
		if _, typed := vm.Type(b[:n]); typed != nil || err != nil {
			return // the machine or the input has ended
		}
	}
}

// wait prints what the shell says until it ends, and returns how it ended.
func wait(cmd *cobra.Command, vm *machine.VM) error {
	status := -1
	for {
		record, err := vm.Next(cmd.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			vm.Kill()
			return err
		}
		var said wire.ShellRecord
		if err := json.Unmarshal(record.JSON, &said); err != nil {
			continue // of the guest's program, which runs no shell
		}
		if _, err := cmd.OutOrStdout().Write(said.Stdout); err != nil {
			vm.Kill()
			return err
		}
		if _, err := cmd.ErrOrStderr().Write(said.Stderr); err != nil {
			vm.Kill()
			return err
		}
		if said.Exit != nil {
			status = *said.Exit
		}
	}
	end := vm.Wait()
	switch {
	case end.Cause == machine.Killed && cmd.Context().Err() == nil:
		return nil // by the escape key
	case end.Err() != nil:
		return fmt.Errorf("%w\n%s", end, end.Backtrace)
	case status != 0:
		return quietError{status}
	}
	return nil
}
