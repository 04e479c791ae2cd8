// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// keyringPackage holds the keys of Debian's releases. A release's own version
// of it is signed by keys that the release before it already had.
const keyringPackage = "debian-archive-keyring"

// installKeyrings copies the host's keyrings to where apt looks for them.
func (r *Root) installKeyrings() error {
	dir := filepath.Join(r.dir, "trusted.d")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i, path := range r.host.Keyrings {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("keyring of the host's apt: %w", err)
		}
		// apt tells armoured keyrings from binary ones by their name.
		extension := ".gpg"
		if filepath.Ext(path) == ".asc" {
			extension = ".asc"
		}
		if err := updateFile(filepath.Join(dir, fmt.Sprintf("host-%d%s", i, extension)), data,
			0o644); err != nil {
			return err
		}
	}
	return nil
}

// fetchNewerKeyring finds the keys of dist d, which is signed by one that is not known. It looks in
// the releases before d, whose signatures it can check, for a newer version of the keyring package,
// and reports whether it added its keys.
func (r *Root) fetchNewerKeyring(ctx context.Context, d dist) bool {
	newest, ok := r.newestKeyring(ctx, d)
	if !ok {
		return false
	}
	path := filepath.Join(r.dir, "trusted.d", fmt.Sprintf("newer-%s.gpg", newest.Version))
	if exists(path) {
		return false
	}
	if err := r.extractKeyring(ctx, newest, path); err != nil {
		r.notice(fmt.Sprintf("newer keyring for %s: %v", d.name, err))
		return false
	}
	r.notice(fmt.Sprintf("keys for %s are taken from %s of %s", d.name, newest, newest.Dist))
	return true
}

// newestKeyring asks only suites before that of d, so that no two dists wait
// for each other.
func (r *Root) newestKeyring(ctx context.Context, d dist) (Package, bool) {
	var all []Package
	for _, known := range suites {
		if slices.Contains(known.dists, d) {
			break
		}
		s, err := r.Suite(ctx, known.name)
		if err != nil {
			continue // it has nothing to offer, whatever the reason
		}
		some, err := s.List(keyringPackage)
		if err != nil {
			continue
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return Package{}, false
	}
	return slices.MaxFunc(all, func(a, b Package) int { return a.Version.Compare(b.Version) }), true
}

// extractKeyring fetches the keyring package and puts its keyring at path.
func (r *Root) extractKeyring(ctx context.Context, p Package, path string) error {
	temporary, err := os.MkdirTemp(r.dir, ".keyring.*")
	if err != nil {
		return OnDisk(err)
	}
	defer os.RemoveAll(temporary)
	deb, err := r.Fetch(ctx, p, temporary)
	if err != nil {
		return err
	}
	if err := Unpack(ctx, deb, temporary); err != nil {
		return err
	}
	for _, name := range debianKeyrings {
		if data, err := os.ReadFile(filepath.Join(temporary, name)); err == nil {
			return OnDisk(updateFile(path, data, 0o644))
		}
	}
	return fmt.Errorf("%s has no keyring where it should be: %w", p, ErrCorruptPackage)
}
