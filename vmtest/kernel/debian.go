// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// debian describes the source of Debian's kernel packages.
type debian struct {
	options apt.Options
	flavour string    // the kernels that are taken
	root    *apt.Root // opened on first use
}

func newDebian(options apt.Options) (*debian, error) {
	a, err := arch.Describe(options.Arch)
	if err != nil {
		return nil, fmt.Errorf("%w: Debian's kernels for architecture %q are not known",
			ErrUnknownKernel, options.Arch)
	}
	return &debian{options: options, flavour: a.KernelFlavour}, nil
}

func (d *debian) open(ctx context.Context) (*apt.Root, error) {
	if d.root != nil {
		return d.root, nil
	}
	root, err := apt.Open(ctx, d.options)
	d.root = root
	return root, err
}

func (d *debian) refresh(ctx context.Context) error {
	options := d.options
	options.Refresh = true
	root, err := apt.Open(ctx, options)
	d.root = root
	return err
}

func (d *debian) offers(ctx context.Context) ([]Offer, error) {
	root, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	suites, failed := root.Update(ctx)
	var all []Offer
	for _, suite := range suites {
		packages, err := suite.List("linux-*-" + d.flavour + "*")
		if err != nil {
			return nil, err
		}
		all = append(all, kernelsOf(packages, d.flavour)...)
	}
	return all, failed
}

// kernelsOf finds the kernels among the packages of a suite. One that is not
// there with all its parts is left out: when a mirror drops a version, the
// parts that other source packages made stay behind for some time.
//
// Until Linux 6.18 a kernel is one package, linux-image-<release>. Since then that is empty, and
// needs linux-base-, linux-binary- and linux-modules-. Where the signed image is missing the
// unsigned one is as good: no guest checks.
func kernelsOf(packages []apt.Package, flavour string) []Offer {
	byName := map[string][]apt.Package{}
	for _, p := range packages {
		byName[p.Name] = append(byName[p.Name], p)
	}
	named := regexp.MustCompile(`^linux-image-([0-9]+\.[0-9]+\.[0-9]+\S*-` +
		regexp.QuoteMeta(flavour) + `)(-unsigned)?$`)
	var offers []Offer
	seen := map[string]bool{}
	for _, p := range packages {
		match := named.FindStringSubmatch(p.Name)
		// The signed image sorts before the unsigned one.
		if match == nil || seen[match[1]+" "+string(p.Version)] {
			continue
		}
		parts, complete := partsOf(p, match[1], byName)
		if !complete {
			continue
		}
		seen[match[1]+" "+string(p.Version)] = true
		o := Offer{
			Series: seriesOf().FindString(match[1]), Release: match[1], Version: p.Version,
			Suite: p.Suite, packages: parts,
		}
		for _, part := range parts {
			o.Size += part.Size
		}
		offers = append(offers, o)
	}
	return offers
}

// partsOf returns the packages that have the files of a kernel.
func partsOf(
	image apt.Package, release string, byName map[string][]apt.Package,
) (parts []apt.Package, complete bool) {
	if !image.DependsOn("linux-modules-" + release) {
		return []apt.Package{image}, true
	}
	for _, names := range [][]string{
		{"linux-base-" + release},
		{"linux-binary-" + release, "linux-binary-unsigned-" + release},
		{"linux-modules-" + release},
	} {
		part, found := ofVersion(image.Version, byName, names)
		if !found {
			return nil, false
		}
		parts = append(parts, part)
	}
	return parts, true
}

func ofVersion(
	version apt.Version, byName map[string][]apt.Package, names []string,
) (apt.Package, bool) {
	for _, name := range names {
		for _, p := range byName[name] {
			if p.Version == version {
				return p, true
			}
		}
	}
	return apt.Package{}, false
}

func (d *debian) fetch(ctx context.Context, o Offer, dir string) error {
	root, err := d.open(ctx)
	if err != nil {
		return err
	}
	for _, p := range o.packages {
		deb, err := root.Fetch(ctx, p, dir)
		if err != nil {
			return err
		}
		if err := errors.Join(apt.Unpack(ctx, deb, filepath.Join(dir, "root")),
			os.Remove(deb)); err != nil {
			return err
		}
	}
	return nil
}

// moveIn moves what is wanted of an unpacked kernel package to where the cache
// has it. Since Linux 7.0 image and configuration are among the modules.
func moveIn(unpacked, into, release string, a arch.Arch) error {
	modules := filepath.Join(into, "lib", "modules", release)
	if err := os.MkdirAll(filepath.Dir(modules), 0o755); err != nil {
		return err
	}
	if err := moveFirst(modules, filepath.Join(unpacked, "lib/modules", release),
		filepath.Join(unpacked, "usr/lib/modules", release)); err != nil {
		return err
	}
	if err := moveFirst(filepath.Join(into, imageFile),
		filepath.Join(unpacked, "boot", a.InstalledImage+"-"+release), filepath.Join(modules, a.InstalledImage)); err != nil {
		return err
	}
	return moveFirst(filepath.Join(into, "config"), filepath.Join(unpacked, "boot/config-"+release),
		filepath.Join(modules, "config"))
}

// moveFirst moves the first of the places that exists.
func moveFirst(to string, places ...string) error {
	for _, place := range places {
		if _, err := os.Lstat(place); err == nil {
			return os.Rename(place, to)
		}
	}
	return fmt.Errorf("%w: the package has no %s", ErrCorrupt, strings.Join(places, " or "))
}
