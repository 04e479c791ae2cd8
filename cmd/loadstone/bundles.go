// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadstone-bpf/loadstone/repro"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// bundlesFolder names the folder of a run's folder that has a bundle for each failure.
const bundlesFolder = "repro"

// usualBundles bounds how many failures of a run are kept in bundles where the user does not say.
const usualBundles = 100

// A bundler writes a bundle for each failure of a run, as far as there is room.
type bundler struct {
	about   verdict.Run
	dir     string
	most    int
	process bool // loaders that are linked in were started as processes

	made, left int
	err        error // the first; nothing is written after it
}

// bundler returns what writes the bundles of a run, nil where none are wanted. Those of a run whose
// place this one takes are removed.
func (o runOptions) bundler(about verdict.Run) (*bundler, error) {
	b := &bundler{
		about: about, dir: filepath.Join(o.outDir(), bundlesFolder), most: o.bundles, process: o.process,
	}
	if o.before != nil {
		b.about.ID = o.before.Run.ID
		before, err := bundlesIn(b.dir)
		b.made = len(before)
		return b, err
	}
	return b, removeBundles(b.dir)
}

// bundlesIn returns the paths of the bundles in a folder, which need not exist.
func bundlesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), repro.Suffix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, err
}

// removeBundles removes the bundles in a folder, and nothing else.
func removeBundles(dir string) error {
	paths, err := bundlesIn(dir)
	for _, path := range paths {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// take writes the bundle of a failure.
func (b *bundler) take(v verdict.Verdict, trail verdict.Trail) {
	switch {
	case !repro.Wanted(v) || b.err != nil:
	case b.made >= b.most:
		b.left++
	default:
		b.made++
		_, b.err = repro.New(b.about, v, trail, b.process).Write(b.dir)
	}
}

// said returns what the user is told of the bundles, "" for nothing.
func (b *bundler) said() string {
	switch {
	case b.made == 0 && b.left == 0, b.most == 0:
		return ""
	case b.left > 0:
		return fmt.Sprintf("%s: %d bundles, each a failure for 'loadstone repro'; %d more failures have none: --bundles N keeps N", b.dir, b.made, b.left)
	case b.made == 1:
		return fmt.Sprintf("%s: 1 bundle, a failure for 'loadstone repro'", b.dir)
	}
	return fmt.Sprintf("%s: %d bundles, each a failure for 'loadstone repro'", b.dir, b.made)
}
