// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// shellProgram names the shell that mkshell puts into an image.
const shellProgram = "/bbin/gosh"

// shellWanted reports whether the kernel's command line asks for a shell.
func shellWanted() bool {
	cmdline, err := os.ReadFile("/proc/cmdline")
	return err == nil && slices.Contains(strings.Fields(string(cmdline)), wire.ShellArgument)
}

// shell returns the run function of a guest that runs a shell.
func (g *Guest) shell() error {
	line, err := g.WaitOrder()
	if err != nil {
		return err
	}
	var order wire.ShellOrder
	if err := json.Unmarshal(line, &order); err != nil {
		return fmt.Errorf("shell: %w", err)
	}
	if order.Program != nil {
		return g.runProgram(order.Program)
	}
	var cmd *exec.Cmd
	if order.Rows > 0 {
		cmd, err = terminalShell(order)
	} else {
		cmd, err = g.scriptShell()
	}
	if err != nil {
		return fmt.Errorf("shell: %w", err)
	}
	cmd.Dir = "/root"
	cmd.Env = append(os.Environ(), "PWD=/root")
	if order.Term != "" {
		cmd.Env = append(cmd.Env, "TERM="+order.Term)
	}
	return g.runShell(cmd)
}

// Look runs a shell while the guest's own program waits: on the console, or with a script whose
// output said is told. It returns how the shell ended, in words.
func (g *Guest) Look(order wire.ShellOrder, said func(stdout, stderr []byte)) string {
	var cmd *exec.Cmd
	var err error
	if order.Rows > 0 {
		cmd, err = terminalShell(order)
	} else {
		cmd, err = shellOf([]byte(order.Script))
	}
	if err != nil {
		return err.Error()
	}
	cmd.Dir = "/root"
	cmd.Env = append(os.Environ(), "PWD=/root")
	if order.Term != "" {
		cmd.Env = append(cmd.Env, "TERM="+order.Term)
	}
	if order.Rows == 0 {
		cmd.Stdout = saying(func(b []byte) { said(b, nil) })
		cmd.Stderr = saying(func(b []byte) { said(nil, b) })
	}
	if err := cmd.Run(); err != nil {
		return err.Error()
	}
	return "exit status 0"
}

// saying makes a writer of a function.
type saying func([]byte)

func (s saying) Write(b []byte) (int, error) { s(b); return len(b), nil }

// runShell runs the shell and records its exit status.
func (g *Guest) runShell(cmd *exec.Cmd) error { return g.recordExit(cmd.Run()) }

// recordExit records the exit status of a command that ended with err.
func (g *Guest) recordExit(err error) error {
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		// What died of a signal has no status; this is what a shell would say of it.
		if status = exit.ExitCode(); status < 0 {
			status = 128 + int(exit.Sys().(syscall.WaitStatus).Signal())
		}
	} else if err != nil {
		return fmt.Errorf("shell: %w", err)
	}
	return g.recordShell(wire.ShellRecord{Exit: &status})
}

func (g *Guest) recordShell(r wire.ShellRecord) error {
	return json.NewEncoder(g.Records).Encode(r)
}

// terminalShell returns a shell whose terminal is the console.
func terminalShell(order wire.ShellOrder) (*exec.Cmd, error) {
	// /dev/console itself cannot be a controlling terminal.
	name, err := os.ReadFile("/sys/class/tty/console/active")
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(name))
	if len(fields) == 0 {
		return nil, errors.New("no console")
	}
	tty, err := os.OpenFile(filepath.Join("/dev", fields[len(fields)-1]), os.O_RDWR|unix.O_NOCTTY,
		0)
	if err != nil {
		return nil, err
	}
	size := unix.Winsize{Row: order.Rows, Col: order.Cols}
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &size); err != nil {
		return nil, fmt.Errorf("set window size: %w", err)
	}
	cmd := exec.Command(shellProgram)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	return cmd, nil
}

// scriptShell returns a shell that runs the payload as a script, and whose output
// goes out as records: the console has one stream, and the kernel's own lines.
func (g *Guest) scriptShell() (*exec.Cmd, error) {
	script, err := g.Payload()
	if errors.Is(err, ErrNoPayload) {
		err = nil // nothing to run is something that can be run
	}
	if err != nil {
		return nil, err
	}
	cmd, err := shellOf(script)
	if err != nil {
		return nil, err
	}
	g.recordOutput(cmd)
	return cmd, nil
}

// shellOf returns a shell that runs a script.
func shellOf(script []byte) (*exec.Cmd, error) {
	const file = "/run/script"
	if err := os.WriteFile(file, script, 0o700); err != nil {
		return nil, err
	}
	return exec.Command(shellProgram, file), nil
}

// recordOutput has what a command prints go out as records.
func (g *Guest) recordOutput(cmd *exec.Cmd) {
	cmd.Stdout = &stream{g, func(b []byte) wire.ShellRecord { return wire.ShellRecord{Stdout: b} }}
	cmd.Stderr = &stream{g, func(b []byte) wire.ShellRecord { return wire.ShellRecord{Stderr: b} }}
}

// stream writes output as records.
type stream struct {
	guest  *Guest
	record func([]byte) wire.ShellRecord
}

func (s *stream) Write(b []byte) (int, error) {
	if err := s.guest.recordShell(s.record(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}
