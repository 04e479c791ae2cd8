// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Format gives the version of the run file that this package writes. It grows by optional fields; a
// number is for what old readers would misunderstand.
const Format = 1

// Run holds the first line of a run file: what was run, on what, and how many verdicts there will
// be.
type Run struct {
	Format    int       `json:"format"`
	ID        string    `json:"id"`
	Started   time.Time `json:"started"`
	Loadstone Build     `json:"loadstone"`
	Host      Host      `json:"host"`
	Kernels   []Kernel  `json:"kernels"`
	Loaders   []Loader  `json:"loaders"`
	Suites    []string  `json:"suites"`
	Plan      []Part    `json:"plan"`    // how many verdicts each cell owes, by suite
	Planned   int       `json:"planned"` // the sum of it
	// the ids of the specs of each suite, which every cell that owes as many owes
	Specs   map[string][]string `json:"specs,omitempty"`
	Guest   string              `json:"guest"`   // SHA-256 of the guest program
	Command []string            `json:"command"` // argv
	// working folder of the command, for paths in it
	Dir       string `json:"dir,omitempty"`
	Isolation string `json:"isolation,omitempty"`
	// of the order of specs in guests that were used for several
	Seed uint64 `json:"seed,omitempty"`
	// the part of a larger plan that this is; nil for a plan of its own
	Shard *Shard `json:"shard,omitempty"`
	// every spec of the guest program, whatever this run asks; nil in older runs
	Catalogue *Catalogue `json:"catalogue,omitempty"`
	// features for want of which no spec may be skipped; see [FeatureOf]
	Require []string `json:"require,omitempty"`
	// of the user's own, where a check is about such
	Objects []Object `json:"objects,omitempty"`
}

// Object describes an object of the user's own.
type Object struct {
	Spec  string `json:"spec"`
	Label string `json:"label"` // as the check's reports name it
	// nil where nothing is known of what it needs
	Floor *Floor `json:"floor,omitempty"`
}

// Floor bounds from below the kernels that an object can load on, as far as it is known from a
// table of kernels what each has. For and Unknown are probes, as those of [record.Checked].
type Floor struct {
	After string `json:"after,omitempty"` // the newest that lacks some of what it needs
	By    string `json:"by,omitempty"`    // the oldest that has all of it
	// what After lacks
	For []string `json:"for,omitempty"`
	// what else it needs, which is not in the table
	Unknown []string `json:"unknown,omitempty"`
}

// Shard says which part of a larger plan a run is.
type Shard struct {
	Plan   string `json:"plan"`   // SHA-256 of the ids of all its specs, sorted, a line each
	Number int    `json:"number"` // from 1
	Of     int    `json:"of"`     // how many shards there are
	Specs  int    `json:"specs"`  // of all shards
}

// Catalogue says which specs a guest program has.
type Catalogue struct {
	Specs  int    `json:"specs"`  // how many
	Digest string `json:"digest"` // SHA-256 of their ids, sorted, a line each
}

// CatalogueOf returns the catalogue of the specs with these ids.
func CatalogueOf(ids []string) Catalogue {
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(ids)), "\n")))
	return Catalogue{len(ids), hex.EncodeToString(sum[:])}
}

// Build says which loadstone ran.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"` // that it was built from, where the build says
}

// Host describes the machine that ran the guests.
type Host struct {
	OS    string `json:"os,omitempty"`
	Arch  string `json:"arch,omitempty"`
	CPUs  int    `json:"cpus,omitempty"`
	QEMU  string `json:"qemu,omitempty"`  // version; none for the host's own kernel
	Accel string `json:"accel,omitempty"` // "kvm" or "tcg"
}

// Kernel describes a kernel that specs ran on.
type Kernel struct {
	Name  string `json:"name"`            // as verdicts name it
	Given string `json:"given,omitempty"` // as it was asked for, where that is not Name
	// as a command line names it in any folder, where it was given by its path
	Path    string `json:"path,omitempty"`
	Release string `json:"release,omitempty"` // uname -r
	Version string `json:"version,omitempty"` // of the package
	Digest  string `json:"digest,omitempty"`
	Arch    string `json:"arch,omitempty"` // as Debian names it
}

// Loader describes a loader that specs ran with.
type Loader struct {
	Name string `json:"name"` // with its version: "libbpf@1.1"
	// as a command line names it in any folder, where it was given by its path
	Path       string            `json:"path,omitempty"`
	Components map[string]string `json:"components,omitempty"`
	Digest     string            `json:"digest,omitempty"`
}

// Part describes a part of the plan: one suite in one cell.
type Part struct {
	Loader string `json:"loader"` // with its version
	Kernel string `json:"kernel"`
	Suite  string `json:"suite"`
	Specs  int    `json:"specs"` // how many
}

// End describes the last line of a run file. A file without it, or with one that is not complete,
// is incomplete.
type End struct {
	// how many of each kind; kinds that did not come up are left out
	Verdicts map[Kind]int `json:"verdicts"`
	Complete bool         `json:"complete"`         // every planned verdict is there
	Reason   string       `json:"reason,omitempty"` // why it is not complete: "interrupted"
	// what is wrong beyond single specs: stale expectations, a required feature that lacks
	Problems []string `json:"problems,omitempty"`
	// what is to be known beside the verdicts: a kernel that died once before it was ready
	Notes      []string `json:"notes,omitempty"`
	DurationMS int64    `json:"duration_ms"` // of the run
}

// File holds a run file, read.
type File struct {
	Run      Run
	Verdicts []Verdict // in the order of the file, at most one per spec and cell
	End      *End      // nil where the file has none
}

// Complete reports whether the file has its end line, and that line says that everything planned is
// there.
func (f *File) Complete() bool { return f.End != nil && f.End.Complete }

// Owed returns how many verdicts were planned and are not in the file.
func (f *File) Owed() int { return max(0, f.Run.Planned-len(f.Verdicts)) }

// Notes returns what is to be known of the run beside its verdicts.
func (f *File) Notes() []string {
	if f.End == nil {
		return nil
	}
	return f.End.Notes
}

// Problems returns what is wrong beyond single specs.
func (f *File) Problems() []string {
	if f.End == nil {
		return nil
	}
	return f.End.Problems
}
