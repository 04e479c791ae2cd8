// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// assemble makes the driver's root: what is brought along and what the packages hold, the driver's
// program, and the shared libraries of all of it. The components are the packages that something in
// it comes from.
func (r *request) assemble(ctx context.Context, w *workspace) (tree, map[string]string, error) {
	compiler := ""
	// asked first: it costs nothing, and packages may be a download
	if r.sources != nil || r.Manifest.Source != nil {
		var err error
		if compiler, err = r.compiler(); err != nil {
			return nil, nil, err
		}
	}
	t := maps.Clone(r.brought)
	if err := t.checkBrought(r.Manifest.Argv()[0], r.Arch); err != nil {
		return nil, nil, err
	}
	used := map[string]string{}
	var from libraries
	var sys *sysroot
	if _, packaged := r.suite.Archive(); packaged {
		var err error
		if sys, err = r.sysroot(ctx, w); err != nil {
			return nil, nil, err
		}
		defer sys.close()
		if err := sys.take(t, used); err != nil {
			return nil, nil, err
		}
		from = sys
	} else {
		from = newHost()
	}
	brought := slices.Sorted(maps.Keys(r.brought))
	if r.Manifest.Source != nil {
		built, err := r.source(ctx, compiler, w, sys)
		if err != nil {
			return nil, nil, err
		}
		built.into(t, used)
		brought = append(brought, slices.Sorted(maps.Keys(built.Files))...)
	}
	program := r.Manifest.Argv()[0]
	if r.sources != nil {
		var err error
		if r.Manifest.Build.Rust != "" {
			r.program, err = r.compileRust(ctx, sys)
		} else {
			r.program, err = r.compile(ctx, compiler, w, sys)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if r.Manifest.Build != nil {
		t.addFile(program, 0o755, r.program)
	}
	// asked first: what it lacks among libraries would tell less
	if _, file, ok := t.resolve(program); ok && isELF(file.data) {
		if err := checkMachine(program, file.data, r.Arch); err != nil {
			return nil, nil, err
		}
	}
	if err := t.complete(program, brought, from, used); err != nil {
		return nil, nil, err
	}
	return t, used, t.checkCommand(program, r.Arch)
}

// checkBrought sees that a command which is a file of the manifest's folder can be started, as far
// as that file tells: before packages take time.
func (t tree) checkBrought(command string, on arch.Arch) error {
	program, ok := t[underUsr(command)]
	if !ok || program.link != "" {
		return nil
	}
	if program.mode&0o111 == 0 {
		return fmt.Errorf("%w: %s is there and not executable: chmod +x", ErrNoStart, command)
	}
	_, err := interpreters(command, program.data, on)
	return err
}

// checkCommand sees that a command can be started in the root.
func (t tree) checkCommand(command string, on arch.Arch) error {
	_, program, ok := t.resolve(command)
	if !ok {
		return fmt.Errorf("%w: %s; it is no file of the manifest's folder, and none of a package named by the manifest%s", ErrNoCommand, command, t.like(command))
	}
	if program.mode&0o111 == 0 {
		return fmt.Errorf("%w: %s is there and not executable: chmod +x", ErrNoStart, command)
	}
	needs, err := interpreters(command, program.data, on)
	if err != nil {
		return err
	}
	for _, name := range needs {
		if strings.ContainsRune(name, '/') {
			_, _, ok = t.resolve(name)
		} else { // env looks for it
			_, _, ok = t.resolve("/usr/bin/" + name)
		}
		if !ok {
			return fmt.Errorf("%w: %s is a script of %s, which is not in the root: %s", ErrNoCommand,
				command, name, packageOf(name))
		}
	}
	return nil
}

// like names a program that may have been meant.
func (t tree) like(command string) string {
	base := command[strings.LastIndexByte(command, '/'):]
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if strings.HasSuffix(name, base) {
			return fmt.Sprintf(" (there is %s)", name)
		}
	}
	return ""
}
