// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// Local returns the kernel that is at a path: a boot image, a directory that
// has one, or a kernel build tree. After the path of an image may follow
// ",modules=DIR" and ",config=FILE"; without these they are sought where
// packages and make install put them.
//
// It returns [ErrNotAnImage], [ErrNotBuilt] for a build tree without an image,
// [ErrAmbiguous] for a directory with several, and [ErrModulesMismatch] if there
// are modules, but none of the image's release.
func Local(name, architecture string) (*Kernel, error) {
	path, given, err := parseLocal(name)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownKernel, err)
	}
	k := &Kernel{
		Name: name, Path: absolute(path, given), Arch: architecture, Config: given["config"], ModulesDir: given["modules"],
	}
	switch {
	case isBuildTree(path):
		err = k.fromTree(path)
	case info.IsDir():
		err = k.fromDirectory(path)
	default:
		k.Origin = FromImage
		err = k.fromImage(path)
	}
	if err != nil {
		return nil, err
	}
	k.Series = seriesOf().FindString(k.Release)
	if err := k.stamp(); err != nil {
		return nil, err
	}
	return k, nil
}

// parseLocal splits "path,modules=DIR,config=FILE".
func parseLocal(name string) (path string, given map[string]string, err error) {
	path, rest, _ := strings.Cut(name, ",")
	given = map[string]string{}
	for option := range strings.SplitSeq(rest, ",") {
		if option == "" {
			continue
		}
		key, value, _ := strings.Cut(option, "=")
		if key != "modules" && key != "config" || value == "" {
			return "", nil,
				fmt.Errorf("%w %q: after the path may follow ,modules=DIR and ,config=FILE, not %q",
					ErrUnknownKernel, name, option)
		}
		if given[key], err = filepath.Abs(value); err != nil {
			return "", nil, err
		}
		if !exists(value) {
			return "", nil, fmt.Errorf("%w %q: %s does not exist", ErrUnknownKernel, name, value)
		}
	}
	return path, given, nil
}

// absolute returns what [Local] takes for the same kernel in any folder.
func absolute(path string, given map[string]string) string {
	for _, option := range slices.Sorted(maps.Keys(given)) {
		path += "," + option + "=" + given[option]
	}
	return path
}

// isBuildTree reports whether a kernel was configured in dir, be it the source
// tree or the O= of make.
func isBuildTree(dir string) bool {
	return exists(filepath.Join(dir, ".config")) && isDir(filepath.Join(dir, "include", "config"))
}

func (k *Kernel) fromTree(tree string) error {
	k.Origin = FromTree
	a, err := arch.Describe(k.Arch)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotAnImage, err)
	}
	image := filepath.Join(tree, a.BuildImage)
	if !exists(image) {
		return fmt.Errorf("%w: %s is missing; run make there", ErrNotBuilt, image)
	}
	header, err := ReadImage(image, k.Arch)
	if err != nil {
		return err
	}
	built, err := os.ReadFile(filepath.Join(tree, "include", "config", "kernel.release"))
	if err != nil {
		return fmt.Errorf("%w: %w; run make there", ErrNotBuilt, err)
	}
	if configured := strings.TrimSpace(string(built)); configured != header.Release {
		return fmt.Errorf("%w: %s is %s, and the tree is %s by now; run make there", ErrNotBuilt,
			image, header.Release, configured)
	}
	k.Image, k.Release = image, header.Release
	if k.Config == "" {
		k.Config = filepath.Join(tree, ".config")
	}
	if k.ModulesDir == "" && exists(filepath.Join(tree, "modules.order")) {
		k.ModulesDir = tree
	}
	return nil
}

// imagePatterns returns where packages, make install and people put images. An
// image of another architecture is found too, and then refused by its header.
func imagePatterns() []string {
	var names, patterns, modules []string
	for _, a := range arch.All() {
		for _, name := range []string{a.InstalledImage, filepath.Base(a.BuildImage)} {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		for _, dir := range []string{"lib/modules/*/", "usr/lib/modules/*/"} {
			if path := dir + a.InstalledImage; !slices.Contains(modules, path) {
				modules = append(modules, path)
			}
		}
	}
	for _, dir := range []string{"", "boot/"} {
		for _, name := range names {
			patterns = append(patterns, dir+name+"*")
		}
	}
	return append(patterns, modules...)
}

func (k *Kernel) fromDirectory(dir string) error {
	k.Origin = FromDirectory
	patterns := imagePatterns()
	var images []string
	for _, pattern := range patterns {
		// The patterns are well formed, the only error that Glob knows.
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		images = append(images, found...)
	}
	// A link may point to another of them: vmlinuz -> vmlinuz-6.12.
	real := map[string]bool{}
	for _, image := range images {
		if target, err := filepath.EvalSymlinks(image); err == nil {
			real[target] = true
		}
	}
	switch len(real) {
	case 0:
		return fmt.Errorf("%w: %s has none of %s", ErrNotAnImage, dir, strings.Join(patterns, ", "))
	case 1:
		return k.fromImage(images[0])
	}
	return fmt.Errorf("%w in %s: give the path of one of %s", ErrAmbiguous, dir,
		strings.Join(images, ", "))
}

func (k *Kernel) fromImage(image string) error {
	header, err := ReadImage(image, k.Arch)
	if err != nil {
		return err
	}
	k.Image, k.Release = image, header.Release
	if err := k.findModules(); err != nil {
		return err
	}
	k.findConfig()
	return nil
}

// findModules finds lib/modules/<release> in the directory that was given, or
// in those that the image may have been installed with.
func (k *Kernel) findModules() error {
	if k.ModulesDir != "" {
		dir, others := modulesBelow(k.ModulesDir, k.Release)
		if dir == "" {
			return k.mismatch(k.ModulesDir, others)
		}
		k.ModulesDir = dir
		return nil
	}
	at := filepath.Dir(k.Image)
	if filepath.Base(at) == k.Release {
		// Installed as lib/modules/<release>/vmlinuz.
		k.ModulesDir = at
		return nil
	}
	roots := []string{at}
	if filepath.Base(at) == "boot" {
		roots = append(roots, filepath.Dir(at))
	}
	for _, root := range roots {
		dir, others := modulesBelow(root, k.Release)
		if dir != "" {
			k.ModulesDir = dir
			return nil
		}
		// A root with modules of other kernels is common where it is that of
		// a system, and a mistake where it belongs to the image.
		if len(others) > 0 && root == at {
			return k.mismatch(root, others)
		}
	}
	return nil
}

// modulesBelow returns the modules directory of a release at or below dir, or
// the releases of which there are some.
func modulesBelow(dir, release string) (found string, others []string) {
	if filepath.Base(dir) == release && isDir(dir) || isBuildTree(dir) {
		return dir, nil
	}
	for _, sub := range []string{"", "modules", "lib/modules", "usr/lib/modules"} {
		if path := filepath.Join(dir, sub, release); isDir(path) {
			return path, nil
		}
		for _, name := range subdirs(filepath.Join(dir, sub)) {
			if isDir(filepath.Join(dir, sub, name, "kernel")) {
				others = append(others, name)
			}
		}
	}
	if isDir(filepath.Join(dir, "kernel")) {
		others = append(others, filepath.Base(dir))
	}
	return "", others
}

func (k *Kernel) mismatch(dir string, others []string) error {
	if len(others) == 0 {
		return fmt.Errorf("%w: %s is %s, and %s has no modules at all", ErrModulesMismatch, k.Image,
			k.Release, dir)
	}
	slices.Sort(others)
	return fmt.Errorf("%w: %s is %s, and %s has those of %s; give the folder that was built with the image, with ,modules=DIR",
		ErrModulesMismatch, k.Image, k.Release, dir, strings.Join(slices.Compact(others), ", "))
}

// findConfig finds the configuration of the image, if there is one.
func (k *Kernel) findConfig() {
	at := filepath.Dir(k.Image)
	places := []string{
		filepath.Join(at, "config-"+k.Release), filepath.Join(at, "config"),
		filepath.Join(at, ".config"),
	}
	if k.ModulesDir != "" {
		places = append(places, filepath.Join(k.ModulesDir, "config"),
			filepath.Join(k.ModulesDir, "build", ".config"))
	}
	for _, place := range places {
		if k.Config == "" && exists(place) {
			k.Config = place
		}
	}
}

// Running returns the kernel that is running. It has no image.
func Running(architecture string) (*Kernel, error) {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return nil, fmt.Errorf("uname: %w", err)
	}
	k := &Kernel{
		Name: string(Native), Origin: Native, Arch: architecture,
		Release: unix.ByteSliceToString(name.Release[:]),
	}
	k.Series = seriesOf().FindString(k.Release)
	for _, dir := range []string{"/lib/modules/", "/usr/lib/modules/"} {
		if k.ModulesDir == "" && isDir(dir+k.Release) {
			k.ModulesDir = dir + k.Release
		}
	}
	for _, config := range []string{
		"/boot/config-" + k.Release, "/proc/config.gz", filepath.Join(k.ModulesDir, "config"),
	} {
		if k.Config == "" && filepath.IsAbs(config) && exists(config) {
			k.Config = config
		}
	}
	if err := k.stamp(); err != nil {
		return nil, err
	}
	return k, nil
}
