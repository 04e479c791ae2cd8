// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// OnHost returns how a driver is started on this machine without a root of its own: a driver of the
// manifest's folder as it lies there, one that is compiled from what this machine has, and the
// command of a package as this machine has it. Nothing is fetched or kept; what is compiled goes
// into dir, a folder of the caller's. It is for a look at a driver, and proves nothing about what
// it does among its packages.
//
// Errors are those of [Build] that match [ErrUsage], [ErrNoCompiler], which a driver in Rust ends
// with too, and [ErrCompile].
func OnHost(
	ctx context.Context, options Options, dir string,
) (func(context.Context) *exec.Cmd, error) {
	r, err := newRequest(ctx, options)
	if err != nil {
		return nil, err
	}
	program, home, err := r.hostProgram(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := r.checkHostProgram(program); err != nil {
		return nil, err
	}
	return func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program, r.Manifest.Command[1:]...)
		cmd.Env = r.env()
		cmd.Dir = home
		return cmd
	}, nil
}

// hostProgram returns the driver's program and the folder that it is started in.
func (r *request) hostProgram(ctx context.Context, dir string) (program, home string, err error) {
	home = r.Manifest.Dir
	if home == "" {
		home = dir
	}
	command := r.Manifest.Command[0]
	if r.Manifest.Build == nil {
		if !path.IsAbs(command) {
			command = filepath.Join(home, command)
		}
		return command, home, nil
	}
	text := r.program
	if r.sources != nil {
		compiler, err := r.compiler()
		if err != nil {
			return "", "", err
		}
		if r.Manifest.Build.Rust != "" {
			return "", "", fmt.Errorf("%w on this machine: %s is a driver in Rust, which is compiled among its packages; use 'loadstone loaders check'",
				ErrNoCompiler, r.Manifest.Name)
		}
		work := &workspace{dir: dir}
		if text, err = r.compile(ctx, compiler, work, nil); err != nil {
			return "", "", err
		}
	}
	program = filepath.Join(dir, "driver")
	return program, home, os.WriteFile(program, text, 0o755)
}

// checkHostProgram sees that this machine can start a driver.
func (r *request) checkHostProgram(program string) error {
	data, err := os.ReadFile(program)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is not on this machine", ErrNoStart, program)
	}
	if err != nil {
		return err
	}
	if info, err := os.Stat(program); err != nil || info.Mode()&0o111 == 0 {
		return errors.Join(err,
			fmt.Errorf("%w: %s is there and not executable: chmod +x %[2]s", ErrNoStart, program))
	}
	needs, err := interpreters(program, data, r.Arch)
	if err != nil {
		return err
	}
	for _, name := range needs {
		if !strings.ContainsRune(name, '/') {
			name = "/usr/bin/" + name // where env looks, without a PATH
		}
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("%w: %s is a script of %s, which this machine does not have",
				ErrNoStart, program, name)
		}
	}
	return nil
}
