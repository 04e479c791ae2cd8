// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// Origin names where a kernel comes from.
type Origin string

// The origins of a kernel.
const (
	FromDebian    Origin = "debian"
	FromImage     Origin = "image"     // a file, with what was found or named beside it
	FromDirectory Origin = "directory" // an unpacked package, or any folder with an image
	FromTree      Origin = "tree"      // a kernel build tree
	Native        Origin = "native"    // the kernel that is running
)

// Kernel describes a kernel whose files are on this machine. Paths are absolute.
type Kernel struct {
	// as results name it: "6.12", a path, or "native"
	Name string `json:"name"`
	// as it was asked for, where that is not Name: "mine=./bzImage"
	Given string `json:"given,omitempty"`
	// as [Store.Get] takes it in any folder, where it was given by its path: "mine=/src/bzImage"
	Path    string `json:"path,omitempty"`
	Series  string `json:"series"`            // "6.12"
	Release string `json:"release"`           // as uname -r says
	Version string `json:"version,omitempty"` // of the package, "6.12.117-1"
	Suite   string `json:"suite,omitempty"`   // of the package, "debian-13"
	Origin  Origin `json:"origin"`            //
	Arch    string `json:"arch"`              // Debian's name, "amd64"
	Image   string `json:"image,omitempty"`   // empty for the kernel that is running
	Config  string `json:"config,omitempty"`  // empty if none was found
	// lib/modules/<release> or a build tree; empty if there is none
	ModulesDir string `json:"modules_dir,omitempty"`
	// SHA-256 over image, configuration and modules
	Digest string `json:"digest"`
}

// Kconfig reads the kernel's configuration. It returns [ErrNoConfig] if none
// was found.
func (k *Kernel) Kconfig() (*Config, error) {
	if k.Config == "" {
		return nil,
			fmt.Errorf("%w: %s; put its .config beside the image, or name it with ,config=FILE",
				ErrNoConfig, k.Name)
	}
	return ReadConfig(k.Config)
}

// Modules reads which modules the kernel has. A kernel without modules has an
// empty set.
func (k *Kernel) Modules() (*Modules, error) {
	if k.ModulesDir == "" {
		return &Modules{
			release: k.Release, dir: "the modules of " + k.Name + ", of which there are none",
		}, nil
	}
	return ReadModules(k.ModulesDir, k.Release)
}

// Closure calls [Modules.Closure] of the kernel's modules.
func (k *Kernel) Closure(names ...string) ([]Module, error) {
	modules, err := k.Modules()
	if err != nil {
		return nil, err
	}
	return modules.Closure(names...)
}

// seriesOf matches the series at the start of a release.
var seriesOf = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+\.[0-9]+`) })

// stamp sets the digest of a kernel whose files are not ours, so that they may
// change: the image and configuration by content, modules by size and time.
func (k *Kernel) stamp() error {
	sum := sha256.New()
	fmt.Fprintln(sum, k.Arch, k.Release)
	for _, path := range []string{k.Image, k.Config} {
		if path == "" {
			continue
		}
		digest, err := wholefile.Digest(path)
		if err != nil {
			return err
		}
		fmt.Fprintln(sum, digest)
	}
	if k.ModulesDir != "" {
		modules, err := k.Modules()
		if err != nil {
			return err
		}
		for _, name := range modules.Names() {
			info, err := os.Stat(filepath.Join(k.ModulesDir, modules.files[name]))
			if err != nil {
				return fmt.Errorf("module %s: %w", name, err)
			}
			fmt.Fprintln(sum, modules.files[name], info.Size(), info.ModTime().UnixNano())
		}
	}
	k.Digest = hex.EncodeToString(sum.Sum(nil))
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// subdirs returns the names of the directories in dir.
func subdirs(dir string) []string {
	// A directory that cannot be read has nothing to offer.
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 &&
			isDir(filepath.Join(dir, entry.Name())) {
			names = append(names, entry.Name())
		}
	}
	return names
}

// labelOf matches the label that a user gives a kernel by path. It does not begin as a series does.
var labelOf = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)
})

// labelled takes the label off a path that has one: "mine=./bzImage".
func labelled(name string) (label, path string, ok bool) {
	label, path, ok = strings.Cut(name, "=")
	return label, path, ok && path != "" && label != string(Native) && labelOf().MatchString(label)
}

// looksLikePath tells a path from a series.
func looksLikePath(name string) bool {
	return strings.ContainsRune(name, '/') || name == "." || name == ".."
}
