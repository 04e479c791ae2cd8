// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	sourceSuffix = ".bpf.c"
	license      = "// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"
)

// A source describes one C file.
type source struct {
	folder  string   // of the suite, below the folder of all objects
	name    string   // of the file, without folder and suffix
	ways    bool     // it includes four_ways.h: each object is built in each way of defining maps
	objects []object // one of the file's name, or one for each of its variants
}

// A build describes one file to compile from a source.
type build struct {
	source string   // path below the folder of all objects
	output string   // likewise
	target string   // of the compiler: "bpfel", "bpfeb"
	flags  []string // beside those that every build has
}

// findSources returns every C file of every suite, sorted, or the first fault of one.
func findSources(dir string) ([]source, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*"+sourceSuffix))
	if err != nil {
		return nil, fmt.Errorf("find sources: %w", err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("find sources: no %s in the folders of %s", sourceSuffix, dir)
	}
	var all []source
	declared := map[string]string{} // path of the source by folder and name of an object
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
		if s.objects, err = parseObjects(s.name, string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, o := range s.objects {
			key := filepath.Join(s.folder, o.name)
			if before, found := declared[key]; found {
				return nil, fmt.Errorf("%s: object %s is declared in %s already", path, key, before)
			}
			declared[key] = path
		}
		all = append(all, s)
	}
	return all, nil
}

// parseObjects reads which objects a source makes from its first comment, which follows its
// licence: a paragraph that says what the source is for, and the variants if there are any.
func parseObjects(name, text string) ([]object, error) {
	text, found := strings.CutPrefix(text, license)
	if !found {
		return nil, fmt.Errorf("does not begin with %s", strings.TrimSpace(license))
	}
	var comment []string
	body := text
	for line := range strings.Lines(text) {
		words, found := strings.CutPrefix(strings.TrimRight(line, "\n"), "//")
		if !found {
			break
		}
		comment, body = append(comment, words), body[len(line):]
	}
	variants := slices.Index(comment, variantsHeading)
	paragraph := comment
	if variants >= 0 {
		paragraph = comment[:variants]
	}
	if end := slices.Index(paragraph, ""); end >= 0 {
		paragraph = paragraph[:end]
	}
	sentence := strings.TrimSpace(strings.Join(paragraph, ""))
	if sentence == "" {
		return nil, errors.New("has no comment that says what it is for")
	}
	if variants < 0 {
		return []object{{name: name, sentence: sentence}}, nil
	}
	return parseVariants(comment[variants+1:], body)
}

// builds returns the files to compile from a source: one per object, byte order and way.
func (s source) builds() []build {
	var all []build
	for _, o := range s.objects {
		for target, folder := range map[string]string{"bpfel": "el", "bpfeb": "eb"} {
			output := filepath.Join(s.folder, folder, o.name)
			b := build{source: filepath.Join(s.folder, s.name+sourceSuffix), target: target}
			if !s.ways {
				b.output, b.flags = output+".o", o.flags()
				all = append(all, b)
				continue
			}
			for way, flags := range ways {
				b.output, b.flags = output+"."+way+".o", slices.Concat(o.flags(), flags)
				all = append(all, b)
			}
		}
	}
	return all
}

// ways holds the suffixes of objects whose source includes four_ways.h, and the flags that choose
// the way.
var ways = map[string][]string{
	"btf":      nil,
	"legacy":   {"-DLEGACY"},
	"iproute2": {"-DIPROUTE2"},
	"callback": {"-DCALLBACK"},
}

// generated returns the paths below dir of the files that are made from sources, sorted.
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
