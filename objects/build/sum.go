// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sumName names the file that ties the objects to the sources and to the compiler.
const sumName = "objects.sum"

// writeSum writes what ties the objects in made to the sources in dir: the compiler's release and
// flags, a digest of each file, and after it the recipe of each object. The test of package objects
// reads the digests, so that it finds a source without a rebuilt object on a machine without a
// compiler.
func writeSum(tools toolchain, dir, made string, recipes map[string]recipe) error {
	var sum strings.Builder
	fmt.Fprintf(&sum, "%s%s\n%s%s\n", versionPrefix, tools.version, "flags ", strings.Join(flags, " "))
	inputs, err := filepath.Glob(filepath.Join(dir, "*", "*.[ch]"))
	if err != nil {
		return fmt.Errorf("write %s: %w", sumName, err)
	}
	if err := addSums(&sum, dir, inputs, nil); err != nil {
		return err
	}
	outputs, err := filepath.Glob(filepath.Join(made, "*", "*", "*.o"))
	if err != nil {
		return fmt.Errorf("write %s: %w", sumName, err)
	}
	if err := addSums(&sum, made, outputs, recipes); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(made, sumName), []byte(sum.String()), 0o644)
}

// addSums adds a line for each file: its digest, its path below dir, and its recipe if it has one.
func addSums(sum *strings.Builder, dir string, paths []string, recipes map[string]recipe) error {
	slices.Sort(paths)
	for _, path := range paths {
		digest, err := digestOf(path)
		if err != nil {
			return fmt.Errorf("write %s: %w", sumName, err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("write %s: %w", sumName, err)
		}
		fmt.Fprintf(sum, "%s  %s", digest, filepath.ToSlash(name))
		if by, made := recipes[name]; made {
			fmt.Fprintf(sum, "  %s", by)
		}
		sum.WriteString("\n")
	}
	return nil
}

func digestOf(path string) (string, error) {
	contents, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sha256.Sum256(contents)), nil
}

// A sum holds what objects.sum says.
type sum struct {
	version string            // of clang; "" where the first line does not say
	lines   map[string]output // by path
}

// An output is what objects.sum says of a file.
type output struct {
	digest string
	by     recipe // "" for a source or a header
}

// readSum reads the sum of a folder, which need not have one. A file of which two lines say
// different things, as after a merge, is in neither.
func readSum(dir string) (sum, error) {
	text, err := os.ReadFile(filepath.Join(dir, sumName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sum{}, fmt.Errorf("read %s: %w", sumName, err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	s := sum{lines: map[string]output{}}
	s.version, _ = strings.CutPrefix(first, versionPrefix)
	for line := range strings.Lines(string(text)) {
		words := strings.Split(strings.TrimSpace(line), "  ")
		if len(words) < 2 || len(words[0]) != 2*sha256.Size {
			continue
		}
		said := output{digest: words[0]}
		if len(words) > 2 {
			said.by = recipe(words[2])
		}
		name := filepath.FromSlash(words[1])
		if before, twice := s.lines[name]; twice && before != said {
			said = output{}
		}
		s.lines[name] = said
	}
	return s, nil
}

// holds reports whether dir has the output that the recipe makes, as the sum says.
func (s sum) holds(dir, name string, by recipe) (bool, error) {
	said := s.lines[name]
	if said.by != by || said.digest == "" {
		return false, nil
	}
	digest, err := digestOf(filepath.Join(dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("compare %s: %w", name, err)
	}
	return digest == said.digest, nil
}
