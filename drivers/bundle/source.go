// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// artifacts holds the files built from a source package.
type artifacts struct {
	Name    string            `json:"name"`    // of the source package
	Version apt.Version       `json:"version"` // of the source package
	Files   map[string][]byte `json:"files"`   // by their place in the driver's root
}

// into puts it in a tree, and notes the source package beside the binary ones.
func (b *artifacts) into(t tree, used map[string]string) {
	for name, data := range b.Files {
		t.addFile(name, 0o755, data)
	}
	used["source "+b.Name] = string(b.Version)
}

// source returns the files built from the manifest's source package: kept from an earlier bundle
// with another driver, or built now.
func (r *request) source(
	ctx context.Context, compiler string, w *workspace, sys *sysroot,
) (*artifacts, error) {
	key, err := json.Marshal(map[string]any{
		"format": formatVersion, "source": r.Manifest.Source, "version": r.version,
		"suite": r.suite, "arch": r.Arch.Name, "mirror": r.Mirror,
	})
	if err != nil {
		return nil, err
	}
	name := "source-" + r.Manifest.Source.Package + "-" + wholefile.DigestOf(key)[:16]
	if b := w.store.findArtifacts(name); b != nil && !r.Refresh {
		return b, nil
	}
	b, err := r.buildSource(ctx, compiler, w, sys)
	if err != nil {
		return nil, err
	}
	return b, w.putArtifacts(name, b)
}

// buildSource fetches the manifest's source package and runs its commands there.
func (r *request) buildSource(
	ctx context.Context, compiler string, w *workspace, sys *sysroot,
) (*artifacts, error) {
	source := r.Manifest.Source
	for _, tool := range append([]string{"dpkg-source"}, source.Tools...) {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: %s is built from source with %s, which is not installed",
				ErrNoCompiler, r.Manifest.Name, tool)
		}
	}
	fetched, err := sys.suite.FetchSource(ctx, source.Package, w.path("fetched"))
	if err != nil {
		return nil, err
	}
	if !isVersionOf(r.version, fetched.Version) {
		return nil, fmt.Errorf("%w: %s has source %s %s", ErrOtherVersion, r.suite, fetched.Name,
			fetched.Version)
	}
	dir := w.path("built")
	if err := apt.UnpackSource(ctx, fetched, dir); err != nil {
		return nil, err
	}
	r.notice(fmt.Sprintf("%s is built from source %s %s, which takes a minute", r, fetched.Name,
		fetched.Version))
	for _, line := range source.Commands {
		if err := sys.runIn(ctx, dir, compiler, line); err != nil {
			return nil, fmt.Errorf("%w: source %s: %s: %w", ErrCompile, fetched.Name, line, err)
		}
	}
	b := &artifacts{Name: fetched.Name, Version: fetched.Version, Files: map[string][]byte{}}
	for from, to := range source.Files {
		data, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			return nil, fmt.Errorf("%w: source %s: what its commands should make: %w", ErrCompile,
				fetched.Name, err)
		}
		b.Files[underUsr(to)] = data
	}
	return b, nil
}

// runIn runs a command of a manifest, which compiles against the sysroot.
func (s *sysroot) runIn(ctx context.Context, dir, compiler, line string) error {
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", line)
	cmd.Dir = dir
	libraries := filepath.Join(s.dir, s.dirs()[0])
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "LC_ALL=C",
		"CC=" + strings.Join(append([]string{compiler}, s.compilerArgs()...), " "),
		"PKG_CONFIG_LIBDIR=" + libraries + "/pkgconfig:" + filepath.Join(s.dir,
			"usr/share/pkgconfig"),
		"PKG_CONFIG_SYSROOT_DIR=" + s.dir,
	}
	said, err := run(cmd)
	if err != nil {
		return err
	}
	return s.checkInputs(said)
}
