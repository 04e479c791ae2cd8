// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	sourceSuffix = ".bpf.c"
	sumName      = "objects.sum"
	license      = "// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"
)

// A source is one C file.
type source struct {
	folder  string // of the suite, below the folder of all objects
	name    string // without folder and suffix
	thought string // its first comment, on one line
	ways    bool   // it includes four_ways.h, so it is built with each way of defining its maps
}

// A build is one object to be made of a source.
type build struct {
	source string   // path below the folder of all objects
	output string   // likewise
	target string   // of the compiler: "bpfel", "bpfeb"
	flags  []string // beside those that every build has
}

// findSources finds every C file of every suite, sorted, and what is wrong with any of them.
func findSources(dir string) ([]source, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*"+sourceSuffix))
	if err != nil {
		return nil, fmt.Errorf("find sources: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("find sources: no %s in the folders of %s", sourceSuffix, dir)
	}
	var all []source
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("find sources: %w", err)
		}
		s := source{
			folder: filepath.Base(filepath.Dir(path)),
			name:   strings.TrimSuffix(filepath.Base(path), sourceSuffix),
			ways:   strings.Contains(string(text), `#include "four_ways.h"`),
		}
		if s.thought, err = thought(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// thought is a source's first comment, which follows its licence.
func thought(text string) (string, error) {
	text, found := strings.CutPrefix(text, license)
	if !found {
		return "", fmt.Errorf("does not begin with %s", strings.TrimSpace(license))
	}
	var words []string
	for line := range strings.Lines(text) {
		comment, found := strings.CutPrefix(line, "// ")
		if !found {
			break
		}
		words = append(words, strings.TrimSpace(comment))
	}
	if len(words) == 0 {
		return "", fmt.Errorf("has no comment that says what it is for")
	}
	return strings.Join(words, " "), nil
}

// builds are the objects made of a source: one per byte order and way.
func (s source) builds() []build {
	var all []build
	for target, folder := range map[string]string{"bpfel": "el", "bpfeb": "eb"} {
		output := filepath.Join(s.folder, folder, s.name)
		b := build{source: filepath.Join(s.folder, s.name+sourceSuffix), target: target}
		if !s.ways {
			b.output = output + ".o"
			all = append(all, b)
			continue
		}
		for way, flags := range ways {
			b.output, b.flags = output+"."+way+".o", flags
			all = append(all, b)
		}
	}
	return all
}

// ways are the suffixes of objects whose source includes four_ways.h, and the flags that choose the way.
var ways = map[string][]string{
	"btf":      nil,
	"legacy":   {"-DLEGACY"},
	"iproute2": {"-DIPROUTE2"},
	"callback": {"-DCALLBACK"},
}

// generated are the files in dir that are made of sources, below dir, sorted.
func generated(dir string) ([]string, error) {
	var all []string
	for _, pattern := range []string{"*/el/*.o", "*/eb/*.o", "*" + catalogueSuffix, sumName} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("find objects: %w", err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return nil, fmt.Errorf("find objects: %w", err)
			}
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all, nil
}

// writeSum writes what ties the objects in made to the sources in dir: the compiler, and a digest of each file. The test of package objects
// reads it, so a source without a rebuilt object is found where there is no compiler.
func writeSum(tools toolchain, dir, made string) error {
	var sum strings.Builder
	fmt.Fprintf(&sum, "%s%s\n%s%s\n", versionPrefix, tools.version, "flags ", strings.Join(flags, " "))
	inputs, err := filepath.Glob(filepath.Join(dir, "*", "*.[ch]"))
	if err != nil {
		return fmt.Errorf("write %s: %w", sumName, err)
	}
	if err := addSums(&sum, dir, inputs); err != nil {
		return err
	}
	outputs, err := filepath.Glob(filepath.Join(made, "*", "*", "*.o"))
	if err != nil {
		return fmt.Errorf("write %s: %w", sumName, err)
	}
	if err := addSums(&sum, made, outputs); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(made, sumName), []byte(sum.String()), 0o644)
}

// addSums adds a line for each file: its digest, and its path below dir.
func addSums(sum *strings.Builder, dir string, paths []string) error {
	slices.Sort(paths)
	for _, path := range paths {
		contents, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("write %s: %w", sumName, err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("write %s: %w", sumName, err)
		}
		fmt.Fprintf(sum, "%x  %s\n", sha256.Sum256(contents), filepath.ToSlash(name))
	}
	return nil
}
