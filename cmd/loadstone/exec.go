// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// execOptions holds what the user says of a program that is run on kernels.
type execOptions struct {
	kernels []string
	bring   []string // files and folders
	root    string   // a folder, or a loader whose bundle it is; "" for the guest's own
	timeout time.Duration
	jobs    int
	accel   string
	modules []string
	cache   *cacheOptions
}

func newExecCommand(cache *cacheOptions) *cobra.Command {
	o := execOptions{cache: cache}
	cmd := &cobra.Command{
		Use:   "exec [flags] -- CMD [ARG...]",
		Short: "Run a program of your own on every kernel",
		Long: `Run a program as root in a clone of each kernel, with its output as it comes: on several kernels, each line begins with the kernel's name.
Nothing in the clone lasts.

CMD with a slash is a file here, which is brought along; without one it is a program of the clone's, which has u-root's commands (cat, ip, ls and so on), or of
its root. It starts in /work, where files and folders of --bring are, by the last part of their names. A program that is linked dynamically needs its libraries: --root DIR has it
run in a copy of DIR, and --root LOADER, such as libbpf, in what that loader is brought in (Debian's libc, libbpf, libelf and zlib). What is brought may have 64 MiB together.

Exit codes: 0 it ended with 0 on every kernel; 1 it did not, or a kernel died under it, or it was ended by --timeout; 2 wrong usage; 3 the harness could not do its job.`,
		Example: `  loadstone exec --kernel 5.10 --kernel 7.3 -- ./my-test -v
  loadstone exec --bring prog.bpf.o -- ./load-it prog.bpf.o
  loadstone exec --kernel 6.12 --root libbpf --bring prog.bpf.o -- ./dynamic prog.bpf.o
  loadstone exec -- uname -r`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.exec(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&o.kernels, "kernel", nil,
		"run on kernel `K`: a series, an exact version or a path; may be repeated (default the default matrix, see 'loadstone kernels list')")
	flags.StringArrayVar(&o.bring, "bring", nil, "put a copy of `FILE`, which may be a folder, into /work; may be repeated")
	flags.StringVar(&o.root, "root", "", "run it in a copy of `DIR`, a folder or the name of a loader")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "end it after `D` on each kernel")
	flags.IntVarP(&o.jobs, "jobs", "j", runtime.NumCPU(), "run on `N` kernels at once")
	flags.StringArrayVar(&o.modules, "module", nil, "load module `M` too (repeatable)")
	addAccelFlag(cmd, &o.accel)
	registerCompletion(cmd, "kernel", completeKernels(cache))
	return cmd
}

// exec runs the program from the user's words to the exit code.
func (o execOptions) exec(cmd *cobra.Command, args []string) (err error) {
	if o.jobs < 1 {
		return usageError{fmt.Errorf("--jobs %d: want at least 1", o.jobs)}
	}
	if o.timeout <= 0 {
		return usageError{fmt.Errorf("--timeout %v: want more than 0", o.timeout)}
	}
	b := baggage{files: o.bring}
	program := &wire.Program{Args: slices.Clone(args)}
	if strings.Contains(args[0], "/") {
		own, err := b.program(args[0], o.root != "")
		if err != nil {
			return usageError{err}
		}
		program.Args[0] = own
	}
	program.Brought, program.Root = len(b.files) > 0, o.root != ""
	if err := o.findRoot(cmd, &b); err != nil {
		return err
	}
	payload, err := b.pack()
	if err != nil {
		return err
	}
	if payload != nil {
		defer func() { err = errors.Join(err, payload.Close()) }()
	}
	order, err := json.Marshal(wire.ShellOrder{Program: program})
	if err != nil {
		return err
	}
	options := machine.Options{Order: order, Payload: payload, Deadlines: noDeadlines}
	kernels, err := o.names(cmd)
	if err != nil {
		return err
	}
	var out *tagged
	if len(kernels) > 1 {
		out = &tagged{out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}
	}
	said := once{notices{cmd.ErrOrStderr()}, make(map[string]bool)}
	ended := make([]endOfProgram, len(kernels))
	var group errgroup.Group
	group.SetLimit(o.jobs)
	// Kernels are made ready one after the other, while the program runs on those before.
	for i, name := range kernels {
		source, err := o.prepare(cmd, name, said)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		group.Go(func() error {
			stdout, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
			flush := func() error { return nil }
			if out != nil {
				tag := out.of(name)
				stdout, stderr, flush = tag.stdout(), tag.stderr(), tag.flush
			}
			var err error
			ended[i], err = runOn(cmd.Context(), source, options, o.timeout, stdout, stderr)
			ended[i].kernel = name
			return errors.Join(err, flush(), source.Close())
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return tell(cmd.ErrOrStderr(), ended)
}

// names returns the names of the kernels that the user wants, each once.
func (o execOptions) names(cmd *cobra.Command) ([]string, error) {
	store, end, err := o.cache.store(cmd, false)
	if err != nil {
		return nil, err
	}
	defer end()
	wanted := o.kernels
	if len(wanted) == 0 {
		wanted = []string{"default"}
	}
	found, err := expandKernels(cmd, store, wanted)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range found {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// patienceForKernel bounds how long nothing is said while a kernel is made ready.
const patienceForKernel = 2 * time.Second

// prepare makes a kernel's template ready, and says so if that takes long.
func (o execOptions) prepare(
	cmd *cobra.Command, name string, said slog.Handler,
) (machine.Source, error) {
	shell := shellOptions{kernel: name, accel: o.accel, modules: o.modules, cache: o.cache}
	slow := time.AfterFunc(patienceForKernel, func() {
		fmt.Fprintf(cmd.ErrOrStderr(), "loadstone: kernel %s is booted once, to be cloned from then on\n", name)
	})
	defer slow.Stop()
	return shell.prepare(cmd, said)
}

// findRoot sets where the root of the program comes from.
func (o execOptions) findRoot(cmd *cobra.Command, b *baggage) error {
	if o.root == "" {
		return nil
	}
	if isFolder(o.root) {
		b.root = o.root
		return nil
	}
	found, err := findLoader(o.root)
	if err != nil {
		return usageError{fmt.Errorf("--root %s is no folder, and as a loader: %w", o.root, err)}
	}
	if len(found) != 1 {
		return usageError{fmt.Errorf("--root %s: %d loaders, want one", o.root, len(found))}
	}
	l, err := o.cache.bringOne(cmd, found[0], true)
	if err != nil {
		return err
	}
	if l.Payload == "" {
		return usageError{fmt.Errorf("--root %s: that loader is part of the guest program and has no root: name another, such as libbpf", o.root)}
	}
	b.bundle = l.Payload
	return nil
}

// An endOfProgram says how the program ended on a kernel.
type endOfProgram struct {
	kernel   string
	status   int
	late     bool           // it was ended by the timeout
	machine  *machine.Ended // set where the machine did not end as it should
	took     time.Duration  // from its start, or the machine's
	complete bool           // it ended, and said how
}

// clean reports whether the program ended with status 0.
func (e endOfProgram) clean() bool { return e.complete && e.status == 0 && e.machine == nil }

// String returns it in words.
func (e endOfProgram) String() string {
	switch {
	case e.late:
		return "did not end in time"
	case e.machine != nil:
		return e.machine.Error()
	case !e.complete:
		return "the machine ended before the program"
	}
	return fmt.Sprintf("exit status %d", e.status)
}

// runOn runs the program in a machine. An error is the harness's own.
func runOn(
	ctx context.Context, source machine.Source, options machine.Options, timeout time.Duration,
	stdout, stderr io.Writer,
) (endOfProgram, error) {
	began := time.Now()
	vm, err := source.Start(ctx, options)
	if err != nil {
		return endOfProgram{}, err
	}
	limited, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	var e endOfProgram
	for {
		record, err := vm.Next(limited)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			vm.Kill()
			vm.Wait()
			e.took, e.late = time.Since(began), ctx.Err() == nil && limited.Err() != nil
			if e.late {
				return e, nil
			}
			return e, err
		}
		var said wire.ShellRecord
		if err := json.Unmarshal(record.JSON, &said); err != nil {
			vm.Kill()
			vm.Wait()
			return e, fmt.Errorf("the guest says %.80q: %w", record.JSON, err)
		}
		_, outErr := stdout.Write(said.Stdout)
		_, errErr := stderr.Write(said.Stderr)
		if err := errors.Join(outErr, errErr); err != nil {
			vm.Kill()
			vm.Wait()
			return e, err
		}
		if said.Exit != nil {
			e.status, e.complete = *said.Exit, true
		}
	}
	end := vm.Wait()
	e.took = time.Since(began)
	if end.Err() != nil {
		e.machine = end
		fmt.Fprint(stderr, end.Backtrace)
	}
	return e, nil
}

// tell says how the program ended on each kernel, and returns the command's own end.
func tell(w io.Writer, ended []endOfProgram) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	outcome := error(nil)
	for _, e := range ended {
		if !e.clean() {
			outcome = quietError{verdict.ExitFailed}
		}
		fmt.Fprintf(table, "%s\t%s\t%.2f s\n", e.kernel, e, e.took.Seconds())
	}
	return errors.Join(outcome, table.Flush())
}

// tagged writes what several programs print at once, a line at a time, each with a tag.
type tagged struct {
	mu       sync.Mutex
	out, err io.Writer
}

// of returns where the program on a kernel prints.
func (t *tagged) of(kernel string) *tag {
	return &tag{to: t, name: filepath.Base(kernel)}
}

// A tag belongs to one program.
type tag struct {
	to       *tagged
	name     string
	out, err lines
}

// lines holds the line that is not complete yet.
type lines struct{ rest []byte }

func (t *tag) stdout() io.Writer { return tagWriter{t, &t.out, t.to.out} }
func (t *tag) stderr() io.Writer { return tagWriter{t, &t.err, t.to.err} }

// flush writes lines that have no end.
func (t *tag) flush() error {
	var errs []error
	for _, w := range []tagWriter{{t, &t.out, t.to.out}, {t, &t.err, t.to.err}} {
		if len(w.lines.rest) > 0 {
			_, err := w.Write([]byte("\n"))
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

type tagWriter struct {
	*tag
	lines *lines
	to    io.Writer
}

func (w tagWriter) Write(b []byte) (int, error) {
	w.lines.rest = append(w.lines.rest, b...)
	w.tag.to.mu.Lock()
	defer w.tag.to.mu.Unlock()
	for {
		line, rest, whole := strings.Cut(string(w.lines.rest), "\n")
		if !whole {
			return len(b), nil
		}
		if _, err := fmt.Fprintf(w.to, "%s | %s\n", w.name, line); err != nil {
			return 0, err
		}
		w.lines.rest = []byte(rest)
	}
}
