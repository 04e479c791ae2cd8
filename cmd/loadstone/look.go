// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// maxScript bounds a script that goes into an order, which is a line of at most [wire.MaxOrder].
const maxScript = wire.MaxOrder / 4

// A look gives a person, or a script, the guest of a spec that did not pass.
type look struct {
	cmd *cobra.Command
	in  *os.File // the terminal; nil for a script

	out, err io.Writer // where the shell's output goes
	open     atomic.Bool
	before   *term.State // of the terminal
	typing   sync.Once
	begun    bool
	failed   error
}

// newLook returns the look of a command, whose input is a terminal or a script, and what a lab
// needs for it.
func newLook(cmd *cobra.Command) (*look, *run.Shell, error) {
	guest, err := run.FindGuest()
	if err != nil {
		return nil, nil, err
	}
	archive := filepath.Join(filepath.Dir(guest), shellArchive)
	if _, err := os.Stat(archive); err != nil {
		return nil, nil, fmt.Errorf("%w: it has the shell's commands, 'make build' makes it", err)
	}
	l := &look{cmd: cmd, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}
	order := wire.ShellOrder{}
	shell := &run.Shell{Archive: archive, Began: l.began, Said: l.said, Ended: l.ended}
	if in, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		l.in = in
		cols, rows, err := term.GetSize(int(in.Fd()))
		if err != nil || rows <= 0 || cols <= 0 {
			cols, rows = 80, 24 // a terminal that does not know
		}
		order.Rows, order.Cols, order.Term = uint16(rows), uint16(cols), os.Getenv("TERM")
		shell.Console = l
	} else {
		script, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxScript+1))
		if err != nil {
			return nil, nil, err
		}
		if len(script) > maxScript {
			return nil, nil, usageError{fmt.Errorf("the script on stdin is longer than %d bytes", maxScript)}
		}
		order.Script = string(script)
	}
	text, err := json.Marshal(order)
	shell.Order = string(text)
	return l, shell, err
}

// Write takes what the console says, which is the user's once the shell has begun.
func (l *look) Write(b []byte) (int, error) {
	if !l.open.Load() {
		return len(b), nil
	}
	return l.out.Write(b)
}

// screen returns a writer for what the run itself says: while the shell has the terminal, that says
// nothing.
func (l *look) screen() io.Writer { return &besideShell{l} }

type besideShell struct{ look *look }

func (s *besideShell) Write(b []byte) (int, error) {
	if s.look.open.Load() && s.look.in != nil {
		return len(b), nil
	}
	return s.look.err.Write(b)
}

func (l *look) began(vm *machine.VM) {
	l.begun = true
	if l.in == nil {
		return
	}
	fmt.Fprintln(l.err, "\nloadstone: the spec has failed, and nothing is given up yet; leave with exit; Ctrl-] ends the machine")
	if l.before, l.failed = term.MakeRaw(int(l.in.Fd())); l.failed != nil {
		vm.Kill()
		return
	}
	l.open.Store(true)
	l.typing.Do(func() { go typeInto(vm, l.in) })
}

func (l *look) said(stdout, stderr []byte) {
	_, one := l.out.Write(stdout)
	_, other := l.err.Write(stderr)
	l.failed = errors.Join(l.failed, one, other)
}

func (l *look) ended(how string) {
	l.close()
	if how != "exit status 0" {
		fmt.Fprintf(l.err, "loadstone: the shell ended: %s\n", how)
	}
}

// close gives the terminal back.
func (l *look) close() {
	l.open.Store(false)
	if l.before != nil {
		l.failed = errors.Join(l.failed, term.Restore(int(l.in.Fd()), l.before))
		l.before = nil
	}
}
