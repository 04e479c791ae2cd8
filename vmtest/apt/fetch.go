// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"
)

// Fetch downloads a package into dir, checks it against the SHA-256 of the
// signed list, and returns the path of the .deb. What it leaves in dir on an
// error is for the caller to remove.
//
// It returns [ErrNotOnMirror] if the mirror has dropped the package since the
// lists were updated, [ErrCorruptPackage] if what came is truncated or altered,
// [ErrNoNetwork], [ErrDiskFull], and [ErrOffline] without asking the mirror.
func (r *Root) Fetch(ctx context.Context, p Package, dir string) (string, error) {
	if r.options.Offline {
		return "", offline(fmt.Sprintf("%s %s", p.Name, p.Version))
	}
	what := fmt.Sprintf("fetching %s %s", p.Name, p.Version)
	target := filepath.Join(dir, path.Base(p.URI))
	helper := newCommand(ctx, r.configPath(), aptHelper, "-o", "Dir::Cache="+dir, "download-file",
		p.URI, target, "SHA256:"+p.SHA256)
	// apt-helper tells errors on stderr and, with the file's name, on stdout.
	helper.Stdout = &helper.output

	stop := r.watch(what, target, p.Size)
	err := helper.run(ctx, "download "+p.URI)
	stop()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", fmt.Errorf("download %s: %w", p.URI, err)
	}
	if info.Size() != p.Size {
		return "", fmt.Errorf("download %s: %w: %d bytes instead of %d", p.URI, ErrCorruptPackage,
			info.Size(), p.Size)
	}
	return target, nil
}

// watch tells the progress of a download by the size of its file, as apt-helper
// does not know how long the file will be. The function returned ends it.
func (r *Root) watch(what, target string, size int64) (stop func()) {
	r.progress(Event{What: what, Total: size})
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if info, err := os.Stat(target); err == nil {
					r.progress(Event{What: what, Done: min(info.Size(), size), Total: size})
				}
			case <-quit:
				r.progress(Event{What: what, Done: size, Total: size, Ended: true})
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// Unpack unpacks a package's files below dir. No maintainer script is run. It
// returns [ErrCorruptPackage] for a file that is no whole package, and
// [ErrDiskFull].
func Unpack(ctx context.Context, deb, dir string) error {
	if _, err := os.Stat(deb); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return OnDisk(err)
	}
	unpack := newCommand(ctx, os.DevNull, "dpkg-deb", "--extract", deb, dir)
	return unpack.run(ctx, "unpack "+deb)
}
