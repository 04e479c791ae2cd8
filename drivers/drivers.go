// SPDX-License-Identifier: Apache-2.0

// Package drivers holds the loaders that loadstone ships: their manifests, and the sources of their
// drivers. Each has a folder here.
//
// A loader of a user's own is found by the path of its loader.yaml instead, and is treated the same
// from there on.
package drivers

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadstone-bpf/loadstone/loader"
)

//go:embed */loader.yaml */*.c */*.h */*.rs
var files embed.FS

// Errors of [Find].
var (
	ErrUnknownLoader  = errors.New("unknown loader")
	ErrUnknownVersion = errors.New("unknown version of a loader")
)

// A Choice describes one loader at one version.
type Choice struct {
	*loader.Manifest
	Version string
}

// String returns the choice as a user types it, such as libbpf@1.1. A loader with a manifest of the
// user's own is named by the manifest's name.
func (c Choice) String() string { return loader.Ref{Name: c.Name, Version: c.Version}.String() }

// Anywhere returns the choice as a user types it in any folder, "" for a loader that loadstone
// carries.
func (c Choice) Anywhere() string {
	if c.Path == "" {
		return ""
	}
	return loader.Ref{Path: c.Path, Version: c.Version}.String()
}

// All returns the manifests that loadstone carries, the reference loader's first, then by name.
func All() ([]*loader.Manifest, error) {
	names, err := fs.Glob(files, "*/loader.yaml")
	if err != nil {
		return nil, err
	}
	var all []*loader.Manifest
	for _, name := range names {
		m, err := carried(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *loader.Manifest) int {
		return cmp.Or(-boolCompare(a.Name == Reference, b.Name == Reference),
			strings.Compare(a.Name, b.Name))
	})
	return all, nil
}

// Reference names the reference loader.
const Reference = "reference"

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func carried(name string) (*loader.Manifest, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	m, err := loader.ParseManifest("drivers/"+name, file)
	if err == nil && m.Name != path.Dir(name) {
		err = fmt.Errorf("%w: drivers/%s: name %q, want that of its folder", loader.ErrManifest,
			name, m.Name)
	}
	return m, err
}

// Source returns the folder of a manifest that loadstone carries: the manifest and the sources in C
// and Rust beside it.
func Source(name string) (fs.FS, error) {
	return fs.Sub(files, name)
}

// Find returns the loaders that a user means: one loader, or with [loader.All] all that loadstone
// carries, each at the version asked for, at its newest, or with [loader.All] at every version, the
// oldest first. Errors wrap [ErrUnknownLoader], [ErrUnknownVersion], [loader.ErrManifest], or those
// of opening a file.
func Find(ref loader.Ref) ([]Choice, error) {
	if ref.Path != "" {
		m, err := Read(ref.Path)
		if err != nil {
			return nil, err
		}
		return choose(m, ref.Version)
	}
	all, err := All()
	if err != nil {
		return nil, err
	}
	var choices []Choice
	var names []string
	for _, m := range all {
		names = append(names, m.Name)
		if ref.Name != m.Name && ref.Name != loader.All {
			continue
		}
		chosen, err := choose(m, ref.Version)
		if err != nil {
			return nil, err
		}
		choices = append(choices, chosen...)
	}
	if len(choices) > 0 {
		return choices, nil
	}
	return nil, fmt.Errorf("%w %q: there are %s, and any loader.yaml by its path", ErrUnknownLoader,
		ref.Name, strings.Join(names, ", "))
}

func choose(m *loader.Manifest, version string) ([]Choice, error) {
	switch version {
	case "":
		version = m.Newest()
	case loader.All:
		var all []Choice
		for _, v := range m.Sorted() {
			all = append(all, Choice{m, v})
		}
		return all, nil
	}
	if _, ok := m.Versions[version]; !ok {
		return nil, fmt.Errorf("%w: %s@%s: there are %s", ErrUnknownVersion, m.Name, version,
			strings.Join(m.Sorted(), ", "))
	}
	return []Choice{{m, version}}, nil
}

// Read reads a loader.yaml of the user's own.
func Read(name string) (*loader.Manifest, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read loader manifest: %w", err)
	}
	defer file.Close() // only read
	m, err := loader.ParseManifest(name, file)
	if err != nil {
		return nil, err
	}
	if m.Path, err = filepath.Abs(name); err != nil {
		return nil, err
	}
	m.Dir = filepath.Dir(m.Path)
	return m, nil
}
