// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/loader"
)

// A Table says what a command is run with for each operation, and what its exit statuses mean.
type Table struct {
	// Argv holds the command of each operation. A word in braces stands for the values of that
	// name: any number of words, or none. The command does not have an operation without a row.
	Argv map[loader.Op][]string

	// Refuses lists the exit statuses by which the command refuses, with what they tell. Status 0
	// is success; any other breaks the driver.
	Refuses map[int]loader.Class
}

// NegatedErrnos returns what the exit statuses tell of a command whose main returns what went
// wrong: -1 for most, and the negative of an errno where that is at hand. Those that stand for two
// errnos tell nothing.
func NegatedErrnos() map[int]loader.Class {
	all := map[int]loader.Class{}
	for errno := 1; errno < 128; errno++ {
		all[256-errno] = loader.ClassOf(syscall.Errno(errno))
	}
	all[256-1] = loader.Unclassified                        // -1, or EPERM
	all[256-int(loader.ENOTSUPP)%256] = loader.Unclassified // or ENOMEM
	return all
}

// Values holds what the words in braces stand for.
type Values map[string][]string

// An Environment describes what a command is run in.
type Environment struct {
	Env   []string   // the whole of it
	Files []*os.File // descriptors 3, 4, …
}

// Errors of the driver, not of the command.
var (
	errNoValue = errors.New("no value")
	errStatus  = errors.New("exit status that the command is not known to have")
)

// Command returns the argv of an operation; nil if the command does not have it.
func (t Table) Command(op loader.Op, values Values) ([]string, error) {
	var argv []string
	for _, word := range t.Argv[op] {
		name, isValue := strings.CutPrefix(word, "{")
		if !isValue {
			argv = append(argv, word)
			continue
		}
		name = strings.TrimSuffix(name, "}")
		value, ok := values[name]
		if !ok {
			return nil, fmt.Errorf("%s: %w for %s", op, errNoValue, word)
		}
		argv = append(argv, value...)
	}
	return argv, nil
}

// Run runs the command of an operation to its end. It returns nil if the command did as asked,
// *[loader.Unsupported] for an operation that it does not have, and *[loader.Rejected] if it
// refused, with what it printed for people. The error is for a driver that broke: a command that
// cannot be started or exits with a status that is not in the table. If the command dies of a
// signal, so does this process.
func (t Table) Run(ctx context.Context, op loader.Op, values Values, in Environment) (loader.Reply,
	error) {
	_, reply, err := t.Ask(ctx, op, values, in)
	return reply, err
}

// Ask does what [Table.Run] does, and returns what the command printed where it did not refuse.
func (t Table) Ask(ctx context.Context, op loader.Op, values Values, in Environment) (string,
	loader.Reply, error) {
	argv, err := t.Command(op, values)
	if err != nil {
		return "", nil, err
	}
	if argv == nil {
		return "", &loader.Unsupported{Feature: loader.Feature(op),
			Reason: "the command has no such operation"}, nil
	}
	output, err := Output(ctx, argv, in)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return output, nil, nil
	case !errors.As(err, &exit):
		return "", nil, err
	case exit.Sys().(syscall.WaitStatus).Signaled():
		die(exit.Sys().(syscall.WaitStatus).Signal(), argv, output)
	}
	class, ok := t.Refuses[exit.ExitCode()]
	if !ok {
		return "", nil, fmt.Errorf("%s: %w: %d: %s", strings.Join(argv, " "), errStatus,
			exit.ExitCode(), output)
	}
	return "", &loader.Rejected{Stage: loader.AtCommand, Class: class, Message: output}, nil
}

// Output runs a command, and returns what it printed on stdout and stderr, as text that fits in a
// reply.
func Output(ctx context.Context, argv []string, in Environment) (string, error) {
	output := &tail{}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{}, in.Env...) // never nil, which would mean our own
	cmd.Stdout, cmd.Stderr = output, output
	cmd.ExtraFiles = in.Files
	err := cmd.Run()
	return output.String(), err
}

// die ends this process as the command has ended, so that the suite sees a loader that crashed and
// not one that refused.
func die(signal syscall.Signal, argv []string, output string) {
	fmt.Fprintf(os.Stderr, "%s\n%s: %v\n", output, strings.Join(argv, " "), signal)
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // the core that matters is the command's
	// Go handles most signals and has no way to stop that. A struct sigaction of zeros is the
	// default action, whatever its layout.
	var defaults [64]byte
	const maskSize = 8 // bytes of sigset_t
	unix.Syscall6(unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(&defaults)), 0,
		maskSize, 0, 0)
	unix.Kill(os.Getpid(), signal)
	select {} // any thread of ours may be the one that gets it
}

// most limits what is kept of a command's output, in bytes: its end, where commands say why they
// give up. A reply takes 64 KiB.
const most = 32 << 10

// A tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-most):]...)
	t.kept = t.kept[max(0, len(t.kept)-most):]
	return len(p), nil
}

// String returns what was kept, as text.
func (t *tail) String() string {
	printable := func(r rune) rune {
		if r == '\uFFFD' || r < ' ' && r != '\n' && r != '\t' {
			return '?'
		}
		return r
	}
	return strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(string(t.kept), "?")))
}
