// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

var (
	// ErrNoCatalogue reports a run that does not say which specs its guest program had: one of an
	// older loadstone, or of 'loadstone check'.
	ErrNoCatalogue = errors.New("the run does not say which specs there were")

	// ErrOneShard reports a run that is one shard of a plan.
	ErrOneShard = errors.New("the run is one shard of a plan")

	// ErrUnjudged reports verdicts that say nothing of the loader: broken or missing ones.
	ErrUnjudged = errors.New("not every verdict is on the loader")

	// ErrOtherBasis reports runs that one claim cannot rest on: of other suites, isolations, or
	// builds of a loader or kernel that have one name.
	ErrOtherBasis = errors.New("the runs do not go together")

	// ErrNoLoader reports a loader of which the runs have no verdict.
	ErrNoLoader = errors.New("no verdict is on the loader")
)

// A NoClaimError says why no claim is made of runs, and what to do. It wraps [ErrNoLoader],
// [ErrIncomplete], [ErrOneShard], [ErrNoCatalogue], [ErrOtherBasis], [ErrOverlap], [ErrFiltered],
// [ErrUnjudged] or [ErrClaimName].
type NoClaimError struct{ Err error }

// Error returns the text on one line: names of loaders and kernels in it are a run file's.
func (e *NoClaimError) Error() string {
	var b strings.Builder
	for _, r := range e.Err.Error() {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

func (e *NoClaimError) Unwrap() error { return e.Err }
func (e *NoClaimError) ExitCode() int { return ExitUsage }

// noClaim returns a [NoClaimError].
func noClaim(format string, args ...any) error { return &NoClaimError{fmt.Errorf(format, args...)} }

// A LoaderVersion names one version of a loader.
type LoaderVersion struct{ Loader, Version string }

func (l LoaderVersion) cell() Cell { return Cell{Loader: l.Loader, LoaderVersion: l.Version} }

// LoaderVersions returns the loaders that runs have verdicts on, by name and version.
func LoaderVersions(files ...*File) []LoaderVersion {
	seen := make(map[LoaderVersion]bool)
	for _, f := range files {
		for _, v := range f.Verdicts {
			seen[LoaderVersion{v.Loader, v.LoaderVersion}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b LoaderVersion) int {
		return cmp.Or(strings.Compare(a.Loader, b.Loader), strings.Compare(a.Version, b.Version))
	})
}

// MakeClaim makes the claim of one version of a loader from runs of every spec, such as one for
// each kernel. Where there is none, the error is a [*NoClaimError].
func MakeClaim(of LoaderVersion, files ...*File) (*Claim, error) {
	name := of.cell().LoaderName()
	var basis []*File
	for _, f := range files {
		mine := f.Select(func(c Cell) bool { return c.Loader == of.Loader && c.LoaderVersion == of.Version })
		if len(mine.Verdicts) > 0 {
			basis = append(basis, mine)
		}
	}
	if len(basis) == 0 {
		return nil, noClaim("%w %s: name a run of it", ErrNoLoader, name)
	}
	c := &Claim{Format: ClaimFormat, Loader: of.Loader, Version: of.Version}
	if err := c.rest(name, basis); err != nil {
		return nil, err
	}
	var all []Verdict
	for _, f := range basis {
		if err := c.asksEverything(f); err != nil {
			return nil, err
		}
		all = append(all, f.Verdicts...)
		digest, err := digestOf(f.Verdicts, func(v Verdict) any { return v })
		if err != nil {
			return nil, err
		}
		c.Runs = append(c.Runs, ClaimRun{f.Run.ID, f.Run.Started.UTC(), f.Run.Guest, f.Run.Seed, digest})
	}
	if err := judged(all); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.Runs, func(a, b ClaimRun) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Digest, b.Digest))
	})
	slices.SortFunc(c.Kernels, func(a, b Kernel) int { return strings.Compare(a.Name, b.Name) })
	c.count(all)
	digest, err := digestOf(all, Verdict.claimed)
	c.Digest = digest
	return c, err
}

// rest takes in what runs say of themselves, and refuses runs that do not go together.
func (c *Claim) rest(name string, basis []*File) error {
	seen := make(map[slot]bool)
	for i, f := range basis {
		r := f.Run
		switch {
		case !f.Complete():
			return noClaim("%w: %s did not come to its end: go on with it, with 'loadstone run --resume'",
				ErrIncomplete, r.ID)
		case r.Shard != nil:
			return noClaim("%w: %s is shard %d of %d: make one run of all with 'loadstone merge'", ErrOneShard,
				r.ID, r.Shard.Number, r.Shard.Of)
		case r.Catalogue == nil:
			return noClaim("%w: %s: run it again with this loadstone", ErrNoCatalogue, r.ID)
		}
		var root string
		var components map[string]string
		for _, l := range r.Loaders {
			if l.Name == name {
				root, components = l.Digest, l.Components
			}
		}
		if i == 0 {
			c.Loadstone, c.Catalogue, c.Isolation = r.Loadstone, *r.Catalogue, r.Isolation
			c.Root, c.Components = root, components
		}
		for _, same := range []struct {
			what      string
			here, one any
		}{
			{"the catalogue of specs", *r.Catalogue, c.Catalogue},
			{"the guest program, with its suites,", short(r.Guest), short(basis[0].Run.Guest)},
			{"loadstone", r.Loadstone, c.Loadstone}, {"--isolation", r.Isolation, c.Isolation},
			{"the build of " + name, short(root), short(c.Root)},
		} {
			if same.here != same.one {
				return noClaim("%w: %s is %v in %s, and %v in %s: make all runs with one loadstone, in one way",
					ErrOtherBasis, same.what, same.one, basis[0].Run.ID, same.here, r.ID)
			}
		}
		if !maps.Equal(components, c.Components) {
			return noClaim("%w: %s has other components in %s: make all runs with one build", ErrOtherBasis,
				name, r.ID)
		}
		for _, v := range f.Verdicts {
			if seen[v.slot()] {
				return noClaim("%w: %s of %s is there twice: name each run once", ErrOverlap, v.Spec, v.Cell)
			}
			seen[v.slot()] = true
		}
		if err := c.restOnKernels(f); err != nil {
			return err
		}
	}
	return nil
}

// restOnKernels takes in the kernels that a run has verdicts of.
func (c *Claim) restOnKernels(f *File) error {
	about := make(map[string]Kernel)
	for _, k := range f.Run.Kernels {
		k.Given, k.Path = "", ""
		about[k.Name] = k
	}
	for _, v := range f.Verdicts {
		k, found := about[v.Cell.Kernel]
		if !found {
			k = Kernel{Name: v.Cell.Kernel}
		}
		k.Release, k.Arch = cmp.Or(k.Release, v.KernelRelease), cmp.Or(k.Arch, v.Arch)
		i := slices.IndexFunc(c.Kernels, func(other Kernel) bool { return other.Name == k.Name })
		switch {
		case i < 0:
			c.Kernels = append(c.Kernels, k)
		case c.Kernels[i] != k:
			return noClaim("%w: kernel %s is %s %s in one, and %s %s in another: give each a name with --kernel NAME=PATH",
				ErrOtherBasis, k.Name, c.Kernels[i].Release, short(c.Kernels[i].Digest), k.Release, short(k.Digest))
		}
	}
	return nil
}

// asksEverything returns a [*NoClaimError] where a cell of a run lacks specs.
func (c *Claim) asksEverything(f *File) error {
	asked := make(map[Cell][]string)
	for _, v := range f.Verdicts {
		at := Cell{Loader: v.Loader, LoaderVersion: v.LoaderVersion, Kernel: v.Cell.Kernel}
		asked[at] = append(asked[at], v.Spec)
	}
	for _, cell := range slices.SortedFunc(maps.Keys(asked), func(a, b Cell) int { return strings.Compare(a.Kernel, b.Kernel) }) {
		got := CatalogueOf(asked[cell])
		switch {
		case got.Specs != c.Catalogue.Specs:
			return noClaim("%w: %s has %d of %d specs of %s: run without --suite and --spec", ErrFiltered, f.Run.ID,
				got.Specs, c.Catalogue.Specs, cell)
		case got != c.Catalogue:
			return noClaim("%w: the specs of %s in %s are not those of its catalogue: run without --suite and --spec",
				ErrFiltered, cell, f.Run.ID)
		}
	}
	return nil
}

// judged returns a [*NoClaimError] where verdicts say nothing of the loader.
func judged(vs []Verdict) error {
	unknown := slices.DeleteFunc(slices.Clone(vs), func(v Verdict) bool { return !v.Unknown() })
	if len(unknown) == 0 {
		return nil
	}
	first := slices.MinFunc(unknown, func(a, b Verdict) int {
		return cmp.Or(strings.Compare(a.Spec, b.Spec), strings.Compare(a.Kernel, b.Kernel))
	})
	return noClaim("%w: %d are broken or missing, such as %s of %s (%s): mend what breaks, and run again",
		ErrUnjudged, len(unknown), first.Spec, first.Cell, first.Reason)
}

// claimed returns what a claim says of a verdict: nothing that differs between two runs that end
// alike, such as durations and the words of failures. Its fields and their order are part of
// [ClaimFormat].
func (v Verdict) claimed() any {
	splats := make([]string, 0, len(v.Splats))
	for _, s := range v.Splats {
		splats = append(splats, s.ID)
	}
	return []any{
		v.Loader, v.LoaderVersion, v.Cell.Kernel, v.KernelRelease, v.Arch, v.Suite, v.Spec,
		append([]string{}, v.Requirement...), cmp.Or(v.Level, Must), append([]string{}, v.Profiles...),
		v.Kind, splats, v.UnderClaim, v.FailsAmongOthers(),
	}
}

// digestOf returns the SHA-256 of what of says of each verdict, in any order: of the digests of
// these as JSON, sorted.
func digestOf(vs []Verdict, of func(Verdict) any) (string, error) {
	sums := make([]string, 0, len(vs))
	for _, v := range vs {
		text, err := json.Marshal(of(v))
		if err != nil {
			return "", fmt.Errorf("digest of %s of %s: %w", v.Spec, v.Cell, err)
		}
		sum := sha256.Sum256(text)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
