// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/run"
)

// findLoaders returns the loaders that a user named, or the reference loader. The user's mistakes
// are usage errors.
func findLoaders(names []string) ([]drivers.Choice, error) {
	if len(names) == 0 {
		names = []string{drivers.Reference}
	}
	var choices []drivers.Choice
	seen := make(map[string]bool)
	for _, name := range names {
		found, err := findLoader(name)
		if err != nil {
			return nil, usageError{err}
		}
		for _, c := range found {
			if !seen[c.String()] {
				seen[c.String()] = true
				choices = append(choices, c)
			}
		}
	}
	return choices, nil
}

// findLoader returns the loaders that a user means by one name. Errors are those of
// [loader.ParseRef] and [drivers.Find], and say what to name in place of a folder.
func findLoader(name string) ([]drivers.Choice, error) {
	ref, err := loader.ParseRef(name)
	var found []drivers.Choice
	if err == nil {
		found, err = drivers.Find(ref)
	}
	if info, statErr := os.Stat(name); err == nil || statErr != nil || !info.IsDir() {
		return found, err
	}
	manifest := filepath.Join(name, "loader.yaml")
	if !filepath.IsAbs(name) {
		manifest = "./" + manifest
	}
	if _, statErr := os.Stat(manifest); statErr != nil {
		return nil, fmt.Errorf("%s is a folder, and has no loader.yaml: name the manifest", name)
	}
	return nil, fmt.Errorf("%s is a folder: name its manifest, %s", name, manifest)
}

// bring makes loaders ready for guests: a bundle for each that is no part of the guest program.
// With asProcess, one that is part of it has a bundle too, and is started as any other.
func (o *cacheOptions) bring(
	cmd *cobra.Command, choices []drivers.Choice, asProcess bool,
) ([]run.Loader, error) {
	var loaders []run.Loader
	for _, c := range choices {
		l, err := o.bringOne(cmd, c, asProcess)
		if err != nil {
			return nil, err
		}
		loaders = append(loaders, l)
	}
	return loaders, nil
}

func (o *cacheOptions) bringOne(
	cmd *cobra.Command, c drivers.Choice, asProcess bool,
) (run.Loader, error) {
	if c.Builtin != "" && !(asProcess && len(c.Command) > 0) {
		return run.Loader{Name: c.Name, Version: c.Version, Path: c.Anywhere(), Builtin: c.Builtin}, nil
	}
	b, err := o.bundle(cmd, c)
	if err != nil {
		return run.Loader{}, err
	}
	return bundled(c, b), nil
}

// bundled returns the loader that a user chose, as its bundle has it.
func bundled(c drivers.Choice, b *bundle.Bundle) run.Loader {
	return run.Loader{
		Name: c.Name, Version: c.Version, Path: c.Anywhere(), Command: b.Command, Env: b.Env,
		Payload: b.Payload, Digest: b.Digest, Components: b.Components,
	}
}

// bundle returns the bundle of a loader, from the cache or made now.
func (o *cacheOptions) bundle(cmd *cobra.Command, c drivers.Choice) (*bundle.Bundle, error) {
	options, err := o.bundleOptions(c)
	if err != nil {
		return nil, err
	}
	shown := newDownloads(cmd.ErrOrStderr())
	defer shown.end()
	options.Notice, options.Progress = shown.notice, shown.event
	b, err := bundle.Build(cmd.Context(), options)
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("bring %s: %w", c, err)
	}
	return b, err
}

// bundleOptions returns the options for the bundle of a loader.
func (o *cacheOptions) bundleOptions(c drivers.Choice) (bundle.Options, error) {
	dir, err := o.dir()
	if err != nil {
		return bundle.Options{}, err
	}
	options := bundle.Options{
		Manifest: c.Manifest, Version: c.Version, Cache: dir, Mirror: o.mirror, Offline: o.offline,
	}
	if c.Dir == "" {
		options.Source, err = drivers.Source(c.Name)
	}
	return options, err
}

// completeLoaders offers the loaders that loadstone carries, with their versions.
func completeLoaders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	all, err := drivers.All()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := []string{loader.All + "\tall of them, each at its newest version"}
	for _, m := range all {
		names = append(names, m.Name, m.Name+"@"+loader.All+"\tevery version of it")
		for _, version := range m.Sorted() {
			names = append(names, m.Name+"@"+version)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}
