// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A recipe is a digest of everything that decides what a build makes, but for the compiler's
// release: the flags, the source, and the headers that it includes.
type recipe string

// recipeSize is the length of a recipe, in characters. It tells changes apart and guards nothing.
const recipeSize = 16

// A pantry reads the sources and headers of a folder, each once.
type pantry struct {
	dir      string
	contents map[string]string // by path below dir; "" where there is no file
}

func newPantry(dir string) *pantry { return &pantry{dir, map[string]string{}} }

// recipe returns the digest of what makes b.
func (p *pantry) recipe(b build) (recipe, error) {
	inputs, err := p.inputs(b.source)
	if err != nil {
		return "", err
	}
	all := sha256.New()
	for _, word := range slices.Concat(flags, []string{b.target}, b.flags) {
		fmt.Fprintf(all, "%q\n", word)
	}
	for _, name := range inputs {
		fmt.Fprintf(all, "%q %q\n", name, p.contents[name])
	}
	return recipe(fmt.Sprintf("%x", all.Sum(nil))[:recipeSize]), nil
}

// inputs returns the source and every header that it includes, directly or not, sorted. A header
// counts whatever condition stands around it.
func (p *pantry) inputs(source string) ([]string, error) {
	found := []string{filepath.ToSlash(source)}
	for i := 0; i < len(found); i++ {
		text, err := p.read(found[i])
		if err != nil {
			return nil, err
		}
		for _, include := range includes.FindAllStringSubmatch(text, -1) {
			if include[1] == "" {
				return nil, fmt.Errorf("%s: %q names no header in quotes", found[i], include[0])
			}
			name, err := p.find(path.Dir(found[i]), include[1])
			if err != nil {
				return nil, err
			}
			if name != "" && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return found, nil
}

// includes matches a directive, with the header where it is named in quotes.
var includes = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)")?.*$`)

// find returns the path of a header as the compiler finds it: beside the file that includes it, or
// in include/; or "" where it is in neither, which the compiler has its own word for.
func (p *pantry) find(beside, header string) (string, error) {
	for _, folder := range []string{beside, "include"} {
		name := path.Join(folder, header)
		text, err := p.read(name)
		if err != nil {
			return "", err
		}
		if text != "" {
			return name, nil
		}
	}
	return "", nil
}

func (p *pantry) read(name string) (string, error) {
	if text, known := p.contents[name]; known {
		return text, nil
	}
	text, err := os.ReadFile(filepath.Join(p.dir, filepath.FromSlash(name)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("find headers: %w", err)
	}
	p.contents[name] = string(text)
	return string(text), nil
}

// checkRead refuses a build for which the compiler read a file that is not among the inputs: a
// change to that file would not be seen. The rule is what clang writes for make (-MD).
func (p *pantry) checkRead(b build, rule string) error {
	inputs, err := p.inputs(b.source)
	if err != nil {
		return err
	}
	_, read, _ := strings.Cut(rule, ": ")
	for name := range strings.FieldsSeq(strings.ReplaceAll(read, "\\\n", " ")) {
		if !slices.Contains(inputs, path.Clean(name)) {
			return fmt.Errorf("compile %s: it includes %s in a way that is not seen: "+
				"write #include %q on a line of its own", b.source, name, path.Base(name))
		}
	}
	return nil
}
