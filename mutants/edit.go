// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrStale reports an edit whose file changed under it. Its text says what to do.
var ErrStale = errors.New("the edit is out of date: have it say what the file says now, " +
	"or remove the mutant if nothing can be wrong there any more")

// An edit replaces one text of one file.
type edit struct {
	file     string // below the module's folder, with slashes
	old, new string // whole lines; old has to be in the file once
}

// readDiff returns the edits of a unified diff, one for each hunk. A line without a blank, - or +
// before it is taken for an empty one.
func readDiff(diff string) ([]edit, error) {
	var edits []edit
	var file string
	lines := strings.SplitAfter(strings.TrimSuffix(diff, "\n")+"\n", "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "--- ") && strings.HasPrefix(at(lines, i+1), "+++ "):
			i++
			file = strings.TrimSpace(strings.TrimPrefix(lines[i], "+++ "))
			file = strings.TrimPrefix(file, "b/")
			if !filepath.IsLocal(filepath.FromSlash(file)) {
				return nil, fmt.Errorf("diff of %q: want a file below the module's folder", file)
			}
		case strings.HasPrefix(line, "@@"):
			edits = append(edits, edit{file: file})
		case len(edits) == 0 || strings.HasPrefix(line, "diff ") || strings.HasPrefix(line, "index "):
		default:
			edits[len(edits)-1].add(line)
		}
	}
	if len(edits) == 0 {
		return nil, errors.New("diff: no hunk: want lines --- FILE, +++ FILE, @@, and the lines")
	}
	for i, e := range edits {
		switch {
		case e.file == "":
			return nil, fmt.Errorf("diff: hunk %d is of no file", i+1)
		case strings.TrimSpace(e.old) == "":
			return nil, fmt.Errorf("diff: hunk %d has no line that says where it belongs", i+1)
		case e.old == e.new:
			return nil, fmt.Errorf("diff: hunk %d changes nothing", i+1)
		}
	}
	return edits, nil
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// add takes a line of the hunk.
func (e *edit) add(line string) {
	switch line[:min(1, len(line))] {
	case "-":
		e.old += line[1:]
	case "+":
		e.new += line[1:]
	case " ":
		e.old += line[1:]
		e.new += line[1:]
	case "\n":
		e.old += line
		e.new += line
	}
}

// edited returns the files that a mutant changes, by their paths below the folder root, as they are
// with its edits. Errors wrap [ErrStale].
func (m *Mutant) edited(root fs.FS) (map[string]string, error) {
	changed := make(map[string]string)
	for _, e := range m.edits {
		text, again := changed[e.file]
		if !again {
			bytes, err := fs.ReadFile(root, e.file)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("mutant %s: there is no %s: %w", m.Name, e.file, ErrStale)
			}
			if err != nil {
				return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
			}
			text = string(bytes)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return nil, fmt.Errorf("mutant %s: %s holds the text that is to be replaced %d times, not once: %w\n%s",
				m.Name, e.file, n, ErrStale, e.old)
		}
		changed[e.file] = strings.Replace(text, e.old, e.new, 1)
	}
	return changed, nil
}

// overlay writes the files that a mutant changes, as it has them, into dir, and what makes go build
// read them in the place of those in root. It returns the path of the latter.
func (m *Mutant) overlay(root, dir string) (string, error) {
	changed, err := m.edited(os.DirFS(root))
	if err != nil {
		return "", err
	}
	replace := make(map[string]string)
	for file, text := range changed {
		to := filepath.Join(dir, strconv.Itoa(len(replace))+filepath.Ext(file))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("mutant %s: %w", m.Name, err)
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = to
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("mutant %s: %w", m.Name, err)
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}
