// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// programRoot names the folder that is unpacked for a program that brings its own root.
const programRoot = "/run/root"

// Exit statuses of a program that was not started, as a shell has them.
const (
	cannotRun = 126
	notFound  = 127
)

// runProgram runs a program of the user's, and records what it prints and its exit status.
func (g *Guest) runProgram(p *wire.Program) error {
	root := "/"
	if p.Root {
		root = programRoot
	}
	if err := g.unpackProgram(p, root); err != nil {
		return err
	}
	cmd := exec.Command(p.Args[0], p.Args[1:]...)
	cmd.Path, cmd.Err = p.Args[0], nil
	if !strings.Contains(p.Args[0], "/") {
		cmd.Path = lookIn(root, p.Args[0])
	}
	cmd.Dir = wire.ProgramDir
	cmd.Env = append(os.Environ(), "PWD="+wire.ProgramDir)
	if p.Root {
		cmd.SysProcAttr = &unix.SysProcAttr{Chroot: root}
	}
	g.recordOutput(cmd)
	return g.start(cmd)
}

// unpackProgram makes the folders of a program: its root, if it brings one, with the guest's own
// /proc, /sys and /dev, and the one that it starts in.
func (g *Guest) unpackProgram(p *wire.Program, root string) error {
	archive, err := g.Payload()
	if errors.Is(err, ErrNoPayload) && !p.Root && !p.Brought {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	if p.Root {
		if err := os.Mkdir(root, 0o755); err != nil {
			return fmt.Errorf("program: %w", err)
		}
		if archive, err = UnpackFirst(archive, root); err != nil {
			return fmt.Errorf("root of the program: %w", err)
		}
		if err := furnish(root); err != nil {
			return fmt.Errorf("root of the program: %w", err)
		}
	}
	dir := filepath.Join(root, wire.ProgramDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("program: %w", err)
	}
	if p.Brought {
		if _, err := UnpackFirst(archive, dir); err != nil {
			return fmt.Errorf("files of the program: %w", err)
		}
	}
	return nil
}

// furnish gives a root the guest's own file systems, and a place for temporary files.
func furnish(root string) error {
	for _, dir := range []string{"/proc", "/sys", "/dev", "/run", "/tmp"} {
		at := filepath.Join(root, dir)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		if dir == "/run" || dir == "/tmp" {
			continue // the root is in /run
		}
		if err := unix.Mount(dir, at, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s: %w", dir, err)
		}
	}
	return os.Chmod(filepath.Join(root, "/tmp"), 0o777|fs.ModeSticky)
}

// lookIn returns the path of a program in a folder of PATH that is below root, or the name, which
// is then in none. Links are not followed: in the program's root they may lead elsewhere.
func lookIn(root, name string) string {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if _, err := os.Lstat(filepath.Join(root, dir, name)); err == nil {
			return path.Join(dir, name)
		}
	}
	return name
}

// start runs a program and records its exit status; of one that cannot be started, a shell's.
func (g *Guest) start(cmd *exec.Cmd) error {
	err := cmd.Start()
	if err == nil {
		return g.recordExit(cmd.Wait())
	}
	status := cannotRun
	if errors.Is(err, fs.ErrNotExist) {
		status = notFound
	}
	text := err.Error()
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		text += " (neither an executable for this machine nor a script with #!)"
	case status == notFound:
		text += " (or what runs it is not there: the interpreter that it names)"
	}
	if err := g.recordShell(wire.ShellRecord{Stderr: []byte(text + "\n")}); err != nil {
		return err
	}
	return g.recordShell(wire.ShellRecord{Exit: &status})
}
