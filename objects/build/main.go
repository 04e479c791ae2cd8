// SPDX-License-Identifier: Apache-2.0

// Command build compiles the committed BPF objects from their sources, or with -check names those
// that differ from what the sources make.
//
//	go run ./objects/build          compile what has changed
//	go run ./objects/build -all     compile everything that is committed
//	go run ./objects/build -check   compile everything elsewhere; exit code 1 if it differs
//
// The compiler is pinned by its major version; objects.sum names the release that made the
// committed objects, and the recipe of each: a digest of its source, of the headers that this one
// includes, and of the flags. An object is compiled again when its recipe or its file is not what
// objects.sum says, or when clang is of another release. So a conflict in objects.sum or in an
// object needs no merging: build, and what is in doubt is compiled. -check trusts no digest.
//
// Read main.go, source.go and variant.go (what is built of what), recipe.go (what decides it),
// plan.go (what has changed), toolchain.go (with what), progress.go, catalogue.go and sum.go (what
// else is generated).
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

// errDiffers reports committed objects that are not what the sources make.
var errDiffers = errors.New("the committed objects are not what their sources make: " +
	"run make objects, and commit what it writes")

func main() {
	dir := flag.String("dir", "objects", "folder of the sources")
	all := flag.Bool("all", false, "compile everything, not only what has changed")
	check := flag.Bool("check", false,
		"compile everything, compare with the committed objects and write nothing")
	flag.Parse()
	how := changed
	switch {
	case *check:
		how = compared
	case *all:
		how = everything
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir, how, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "objects/build:", err)
		os.Exit(1)
	}
}

// A mode says what is compiled, and what becomes of it.
type mode int

const (
	changed    mode = iota // what has changed is compiled, and installed
	everything             // everything is compiled, and installed
	compared               // everything is compiled, and compared with what is there
)

func run(ctx context.Context, dir string, how mode, out io.Writer) error {
	tools, err := findToolchain(ctx)
	if err != nil {
		return err
	}
	sources, err := findSources(dir)
	if err != nil {
		return err
	}
	made, err := os.MkdirTemp("", "loadstone-objects-")
	if err != nil {
		return fmt.Errorf("build objects: %w", err)
	}
	defer os.RemoveAll(made)
	if err := makeAll(ctx, tools, dir, made, sources, how, out); err != nil {
		return err
	}
	if how == compared {
		return compare(tools, dir, made)
	}
	return install(dir, made)
}

// makeAll writes to folder made everything that dir has beside its sources.
func makeAll(
	ctx context.Context, tools toolchain, dir, made string, sources []source, how mode, out io.Writer,
) error {
	p, err := plan(tools, dir, sources, how)
	if err != nil {
		return err
	}
	for _, b := range p.kept {
		if err := keep(dir, made, b.output); err != nil {
			return err
		}
	}
	if err := compileEach(ctx, tools, dir, made, p, out); err != nil {
		return err
	}
	if err := checkDistinct(made, sources); err != nil {
		return err
	}
	if err := writeCatalogues(made, sources); err != nil {
		return err
	}
	if err := writeSum(tools, dir, made, p.recipes); err != nil {
		return err
	}
	fmt.Fprintf(out, "compiled %d objects, kept %d\n", len(p.stale), len(p.kept))
	return nil
}

// checkDistinct refuses objects of one source that are the same, byte for byte: what makes one of
// them a variant has no effect.
func checkDistinct(made string, sources []source) error {
	for _, s := range sources {
		seen := map[string]string{} // output by its contents
		for _, b := range s.builds() {
			contents, err := os.ReadFile(filepath.Join(made, b.output))
			if err != nil {
				return fmt.Errorf("compare variants: %w", err)
			}
			if same, found := seen[string(contents)]; found {
				return fmt.Errorf("%s: %s and %s are the same", b.source, min(same, b.output), max(same, b.output))
			}
			seen[string(contents)] = b.output
		}
	}
	return nil
}

// compare names every file in which dir differs from what was made.
func compare(tools toolchain, dir, made string) error {
	wanted, err := generated(made)
	if err != nil {
		return err
	}
	present, err := generated(dir)
	if err != nil {
		return err
	}
	var differ []string
	for _, name := range union(wanted, present) {
		was, wasErr := os.ReadFile(filepath.Join(dir, name))
		is, isErr := os.ReadFile(filepath.Join(made, name))
		switch {
		case errors.Is(wasErr, fs.ErrNotExist):
			differ = append(differ, name+" is missing")
		case errors.Is(isErr, fs.ErrNotExist):
			differ = append(differ, name+" has no source")
		case wasErr != nil || isErr != nil:
			return fmt.Errorf("compare objects: %w", errors.Join(wasErr, isErr))
		case name == sumName && string(afterFirstLine(was)) == string(afterFirstLine(is)):
			// another release of clang made the same objects
		case string(was) != string(is):
			differ = append(differ, name+" differs")
		}
	}
	if len(differ) == 0 {
		return nil
	}
	return fmt.Errorf("%w\n\t%s%s", errDiffers, strings.Join(differ, "\n\t"), tools.otherVersion(dir))
}

func afterFirstLine(text []byte) []byte {
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	return rest
}

// install copies what was made to dir, and removes the files that have no source any more. A file
// that it does not finish no longer has the digest that git and objects.sum hold.
func install(dir, made string) error {
	wanted, err := generated(made)
	if err != nil {
		return err
	}
	present, err := generated(dir)
	if err != nil {
		return err
	}
	for _, name := range wanted {
		contents, err := os.ReadFile(filepath.Join(made, name))
		if err != nil {
			return fmt.Errorf("install %s: %w", name, err)
		}
		path := filepath.Join(dir, name)
		if is, err := os.ReadFile(path); err == nil && bytes.Equal(is, contents) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("install %s: %w", name, err)
		}
		if err := os.WriteFile(path, contents, 0o644); err != nil {
			return fmt.Errorf("install %s: %w", name, err)
		}
	}
	for _, name := range present {
		if slices.Contains(wanted, name) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove %s: %w", name, err)
		}
	}
	return nil
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
