// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/run"
)

// ErrCompile reports an edit that is no Go. What the compiler says follows.
var ErrCompile = errors.New("the mutant does not compile")

// program builds a program of the module in root, static, as makefiles do.
func program(ctx context.Context, root, output, pkg string, flags ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", output}, flags...)
	build := exec.CommandContext(ctx, "go", append(args, pkg)...)
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, said)
	}
	return nil
}

// idleDriver builds the driver of the loader that does nothing into dir.
func idleDriver(ctx context.Context, root, dir string) error {
	return program(ctx, root, filepath.Join(dir, "driver"), "./mutants/idle/driver")
}

// driver builds the reference loader's driver into dir, with a mutant's edits; without any for nil.
func driver(ctx context.Context, root, dir string, m *Mutant) error {
	const pkg = "./drivers/reference/driver"
	output := filepath.Join(dir, "driver")
	if m == nil {
		return program(ctx, root, output, pkg)
	}
	overlay, err := m.overlay(root, dir)
	if err != nil {
		return err
	}
	if err := program(ctx, root, output, pkg, "-overlay", overlay); err != nil {
		return fmt.Errorf("mutant %s: %w: %w", m.Name, ErrCompile, err)
	}
	return nil
}

// bundled returns the driver in dir as a loader that guests can start: a version of the one that it
// greets as.
func bundled(ctx context.Context, dir, name, version string) (run.Loader, error) {
	b, err := bundle.Build(ctx, bundle.Options{
		Manifest: &loader.Manifest{
			Name: name, Versions: map[string]loader.Suite{version: loader.Local},
			Speaks: loader.NDJSON, Command: []string{"./driver"}, Dir: dir,
			Env: map[string]string{"GOGC": "off"}, // as in the reference's own manifest
		},
		Cache: filepath.Join(dir, "bundle"), Offline: true,
	})
	if err != nil {
		return run.Loader{}, fmt.Errorf("bring %s@%s: %w", name, version, err)
	}
	return run.Loader{
		Name: name, Version: version, Command: b.Command, Env: b.Env, Payload: b.Payload,
		Digest: b.Digest,
	}, nil
}
