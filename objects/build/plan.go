// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// A work says which builds have to be made, and which are as they should be.
type work struct {
	stale, kept []build
	recipes     map[string]recipe // by output
	pantry      *pantry
}

// plan compares the folder with its sum.
func plan(tools toolchain, dir string, sources []source, how mode) (work, error) {
	was, err := readSum(dir)
	if err != nil {
		return work{}, err
	}
	w := work{recipes: map[string]recipe{}, pantry: newPantry(dir)}
	for _, s := range sources {
		for _, b := range s.builds() {
			by, err := w.pantry.recipe(b)
			if err != nil {
				return work{}, err
			}
			w.recipes[b.output] = by
			same := false
			if how == changed && was.version == tools.version {
				if same, err = was.holds(dir, b.output, by); err != nil {
					return work{}, err
				}
			}
			if same {
				w.kept = append(w.kept, b)
			} else {
				w.stale = append(w.stale, b)
			}
		}
	}
	return w, nil
}

// compileEach compiles what is stale, and takes from all of it what only debuggers read.
func compileEach(
	ctx context.Context, tools toolchain, dir, made string, w work, out io.Writer,
) error {
	if len(w.stale) == 0 {
		return nil
	}
	at := newProgress(out, len(w.stale))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	var outputs []string
	rules := make([]string, len(w.stale))
	for i, b := range w.stale {
		output := filepath.Join(made, b.output)
		outputs = append(outputs, output)
		group.Go(func() (err error) {
			if rules[i], err = tools.compile(groupCtx, dir, b, output); err != nil {
				return err
			}
			at.step()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, b := range w.stale {
		if err := w.pantry.checkRead(b, rules[i]); err != nil {
			return err
		}
	}
	return tools.stripDebug(ctx, outputs)
}

// keep copies an object that is as it should be.
func keep(dir, made, name string) error {
	contents, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	path := filepath.Join(made, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if err := os.WriteFile(path, contents, 0o644); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}
