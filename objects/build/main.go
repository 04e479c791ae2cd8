// SPDX-License-Identifier: Apache-2.0

// Command build compiles the committed BPF objects from their sources, or with -check names those
// that differ from what the sources make.
//
//	go run ./objects/build          rebuild everything that is committed
//	go run ./objects/build -check   rebuild in a temporary folder; exit code 1 if it differs
//
// The compiler is pinned by its major version; objects.sum names the release that made the
// committed objects. Read main.go, source.go and variant.go (what is built of what), toolchain.go
// (with what), catalogue.go and sum.go (what else is generated).
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// errDiffers reports committed objects that are not what the sources make.
var errDiffers = errors.New("the committed objects are not what their sources make: " +
	"run make objects, and commit what it writes")

func main() {
	dir := flag.String("dir", "objects", "folder of the sources")
	check := flag.Bool("check", false, "compare with the committed objects and write nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "objects/build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, check bool) error {
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
	if err := makeAll(ctx, tools, dir, made, sources); err != nil {
		return err
	}
	if check {
		return compare(tools, dir, made)
	}
	return install(dir, made)
}

// makeAll writes to folder made everything that dir has beside its sources.
func makeAll(ctx context.Context, tools toolchain, dir, made string, sources []source) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for _, s := range sources {
		for _, b := range s.builds() {
			group.Go(func() error { return tools.compile(ctx, dir, b, filepath.Join(made, b.output)) })
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := checkDistinct(made, sources); err != nil {
		return err
	}
	if err := writeCatalogues(made, sources); err != nil {
		return err
	}
	return writeSum(tools, dir, made)
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
