// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/loadstone-bpf/loadstone/drivers/rust"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// formatVersion enters every key: it changes when the same request makes another bundle than
// before.
const formatVersion = 3

// A request holds all that is asked for and can be known without the network.
type request struct {
	Options
	version string
	suite   loader.Suite

	brought tree              // the manifest's files, and its command if that is one
	sources map[string][]byte // of a driver in C or Rust, by name
	program []byte            // of a driver in Go; of another once it is compiled

	announced bool // that packages are fetched and unpacked

	id string // names the files of this request in the cache: the same for the same request
}

func newRequest(ctx context.Context, options Options) (*request, error) {
	r := &request{Options: options, brought: tree{}}
	var err error
	if r.version, r.suite, err = options.version(); err != nil {
		return nil, err
	}
	if r.Arch.Name == "" {
		if r.Arch, err = arch.Native(); err != nil {
			return nil, err
		}
	}
	if r.Manifest.Dir != "" {
		root, err := os.OpenRoot(r.Manifest.Dir)
		if err != nil {
			return nil, fmt.Errorf("folder of loader %s: %w", r.Manifest.Name, err)
		}
		defer root.Close()
		r.Source = root.FS()
	}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	return r, r.identify()
}

// read reads what the manifest's folder has to give.
func (r *request) read(ctx context.Context) error {
	for _, name := range r.Manifest.Brought() {
		if err := r.bring(name); err != nil {
			return fmt.Errorf("loader %s: %w", r.Manifest.Name, err)
		}
	}
	build := r.Manifest.Build
	switch {
	case build == nil:
		return nil
	case build.Go != "":
		var err error
		r.program, err = r.goProgram(ctx)
		return err
	case build.Rust != "":
		if err := r.readSources(build.Rust); err != nil {
			return err
		}
		for name, text := range rust.Module() {
			r.sources[path.Join(protocol, name)] = text
		}
		return nil
	}
	return r.readSources(build.C)
}

// bring takes a file or folder of the manifest's folder into the root.
func (r *request) bring(name string) error {
	if r.Source == nil {
		return fmt.Errorf("%w: %s: the manifest has no folder", ErrNoFile, name)
	}
	err := fs.WalkDir(r.Source, name, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := fs.Stat(r.Source, name) // of what a link leads to
		if err != nil || info.IsDir() {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file (%s)", name, info.Mode().Type())
		}
		data, err := fs.ReadFile(r.Source, name)
		r.brought.addFile(path.Join(loader.Home, name), info.Mode(), data)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s in the manifest's folder %s", ErrNoFile, name, r.Manifest.Dir)
	}
	return err
}

// readSources reads a file in C or Rust, and the headers beside it.
func (r *request) readSources(name string) error {
	if r.Source == nil {
		return fmt.Errorf("%w: %s: the manifest has no folder", ErrNoFile, name)
	}
	headers, err := fs.Glob(r.Source, path.Join(path.Dir(name), "*.h"))
	if err != nil {
		return err
	}
	r.sources = map[string][]byte{}
	for _, file := range append(headers, path.Clean(name)) {
		text, err := fs.ReadFile(r.Source, file)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: loader %s: %s", ErrNoFile, r.Manifest.Name, file)
		}
		if err != nil {
			return err
		}
		r.sources[path.Base(file)] = text
	}
	return nil
}

// String returns the bundle's name for users.
func (r *request) String() string {
	return loader.Ref{Name: r.Manifest.Name, Version: r.version}.String()
}

func (r *request) identify() error {
	m := *r.Manifest
	// where it lies, and what else there is, changes no bundle
	m.Dir, m.Versions, m.Homepage = "", nil, ""
	// Before there was a choice, dependencies were brought where they were linked.
	if m.Dependencies == loader.LinkedDependencies {
		m.Dependencies = ""
	} else if len(m.Packages) > 0 {
		m.Dependencies = loader.AllDependencies
	}
	files, err := r.brought.archive()
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{
		"format": formatVersion, "manifest": m, "version": r.version, "suite": r.suite,
		"arch": r.Arch.Name, "mirror": r.Mirror,
		"files": wholefile.DigestOf(files), "sources": r.sources,
		"program": wholefile.DigestOf(r.program),
	})
	r.id = fmt.Sprintf("%s-%s-%s", r.Manifest.Name, r.version, wholefile.DigestOf(text)[:16])
	return err
}

func (r *request) notice(sentence string) {
	if r.Notice != nil {
		r.Notice(sentence)
	}
}

// env returns the driver's environment.
func (r *request) env() []string {
	env := []string{}
	for name, value := range r.Manifest.Env {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

// programPath returns where the program of a driver in Go was put when loadstone itself was built.
func (r *request) programPath() (string, error) {
	dir := r.Programs
	if dir == "" {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		dir = filepath.Dir(self)
	}
	name := "driver-" + r.Manifest.Name
	if _, own := r.suite.Module(); own {
		name += "-" + r.version
	}
	return filepath.Join(dir, name), nil
}

// isELF reports whether a file starts as ELF files do.
func isELF(b []byte) bool { return bytes.HasPrefix(b, []byte("\x7fELF")) }
