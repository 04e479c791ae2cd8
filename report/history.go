// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// ErrTwice is wrapped by the error about a run that a history would show twice.
var ErrTwice = errors.New("the same run is given twice")

// A NamedRun holds a run, or a part of one, and what its user calls it.
type NamedRun struct {
	Name string
	File *verdict.File
}

// A History shows how each loader did with each feature in several runs.
type History struct {
	Runs    []HistoryRun    `json:"runs"` // in the order in which they began
	Loaders []HistoryLoader `json:"loaders"`
	Notes   []string        `json:"notes,omitempty"`
}

// A HistoryRun describes one of the runs, which is a column.
type HistoryRun struct {
	Name      string    `json:"name"`  // as the user gave it
	Label     string    `json:"label"` // that no other run of the history has: "2026-11-21"
	ID        string    `json:"id"`
	Started   time.Time `json:"started"`
	Loadstone string    `json:"loadstone"` // version
	Kernels   []string  `json:"kernels"`
	Outcome   string    `json:"outcome"` // in one word, as reports of the run say it: "clean"
	Planned   int       `json:"planned"` // verdicts
	Owed      int       `json:"owed"`    // how many of these the file does not have

	mood string
}

// A HistoryLoader holds what the runs say of one loader. Where no run has several versions of it,
// it is the same loader in all of them, whichever version each has.
type HistoryLoader struct {
	Loader   string           `json:"loader"` // with its version where a run has several
	Runs     []LoaderRun      `json:"runs"`   // one for each run of the history
	Features []HistoryFeature `json:"features"`
}

// A LoaderRun describes a loader in one of the runs.
type LoaderRun struct {
	Version string `json:"version,omitempty"`
	Asked   bool   `json:"asked"` // the run has the loader
	// the index of the run that it is compared with: the last before that has the loader on one of
	// its kernels; -1 for none
	Since int `json:"since"`
	// why it is not compared, though runs before have the loader
	Why string `json:"why,omitempty"`

	comparison *verdict.Comparison // nil where nothing is compared
}

// A HistoryFeature is a row: one loader and one feature.
type HistoryFeature struct {
	Feature string        `json:"feature"`
	Cells   []HistoryCell `json:"cells"` // one for each run of the history
}

// A HistoryCell says how a loader did with a feature in one run.
type HistoryCell struct {
	Kernels []FeatureOnKernel `json:"kernels"` // in the order of the run; none where it was not asked
	Changes []HistoryChange   `json:"changes"` // since the run before, the worst first
	Unmet   []HistorySpec     `json:"unmet"`   // musts that are not met, or are not known
}

// A FeatureOnKernel counts the musts of one feature on one kernel.
type FeatureOnKernel struct {
	Kernel string `json:"kernel"`
	// "works", "partly", "fails", "refused", "skipped", "unknown"; "no musts" where only shoulds
	// were asked
	Word    string `json:"word"`
	Passed  int    `json:"passed"`  //
	Failed  int    `json:"failed"`  //
	Refused int    `json:"refused"` // the loader does not claim them
	Skipped int    `json:"skipped"` // the kernel lacks what they need
	Unknown int    `json:"unknown"` // broken, or missing
}

// A HistoryChange describes one spec on one kernel that ended otherwise than in the run before.
type HistoryChange struct {
	Kind   verdict.ChangeKind `json:"change"`
	Spec   string             `json:"spec"` // its id now, or its last
	Kernel string             `json:"kernel"`
	Was    verdict.Kind       `json:"was,omitempty"` // empty where the run does not have it
	Is     verdict.Kind       `json:"is,omitempty"`
	Reason string             `json:"reason,omitempty"` // of what it is, or why it is not there
}

// A HistorySpec describes a spec on one kernel.
type HistorySpec struct {
	Spec    string       `json:"spec"`
	Kernel  string       `json:"kernel"`
	Verdict verdict.Kind `json:"verdict"`
	Reason  string       `json:"reason"`
}

// NewHistory returns the history of runs. Each loader of a run is compared with itself in the last
// run before that has it on one of its kernels, by [verdict.Compare], which says what now is for. A
// spec of several features counts for each, and one of none for its suite. The error wraps
// [ErrTwice], or [verdict.ErrNothingToCompare] where no two runs have anything in common.
func NewHistory(runs []NamedRun, now func(id string) (to, removed string)) (*History, error) {
	runs = slices.Clone(runs)
	slices.SortStableFunc(runs, func(a, b NamedRun) int {
		return a.File.Run.Started.Compare(b.File.Run.Started)
	})
	if err := apart(runs); err != nil {
		return nil, err
	}
	h := &History{Loaders: []HistoryLoader{}}
	for i, label := range labels(runs) {
		r := newHistoryRun(runs[i])
		r.Label = label
		h.Runs = append(h.Runs, r)
		if r.Owed > 0 {
			h.Notes = append(h.Notes, fmt.Sprintf("%s: %d of %d planned verdicts are not in the run file",
				label, r.Owed, r.Planned))
		}
	}
	compared := len(runs) == 1
	var errs []error
	for _, t := range tracks(runs) {
		l, err := h.loader(t, runs, now)
		if err != nil {
			errs = append(errs, err)
		}
		compared = compared || slices.ContainsFunc(l.Runs, func(r LoaderRun) bool { return r.comparison != nil })
		h.Loaders = append(h.Loaders, l)
	}
	if !compared {
		return nil, fmt.Errorf("%w: no two of these runs have a loader and a kernel in common%s",
			verdict.ErrNothingToCompare, first(errs))
	}
	h.Notes = slices.Compact(h.Notes)
	return h, nil
}

// first returns the first error of a list for the end of a sentence.
func first(errs []error) string {
	if len(errs) == 0 {
		return ""
	}
	return ": " + errs[0].Error()
}

// apart returns an error where a cell of one run is there twice. Parts of a run may be.
func apart(runs []NamedRun) error {
	type cell struct{ run, loader, kernel string }
	seen := make(map[cell]string)
	for _, r := range runs {
		for _, p := range r.File.Run.Plan {
			at := cell{r.File.Run.ID, p.Loader, p.Kernel}
			if name, twice := seen[at]; twice && at.run != "" && name != r.Name {
				return fmt.Errorf("%w: %s and %s both hold %s on %s of run %s: name it once", ErrTwice, name,
					r.Name, p.Loader, p.Kernel, at.run)
			}
			seen[at] = r.Name
		}
	}
	for i, r := range runs {
		if slices.ContainsFunc(runs[:i], func(o NamedRun) bool { return o.Name == r.Name }) {
			return fmt.Errorf("%w: %s: name it once", ErrTwice, r.Name)
		}
	}
	return nil
}

// labels returns a name for each run: its day, with the time where there are several of a day. Runs
// that began at once are told apart by what the user calls them.
func labels(runs []NamedRun) []string {
	names := make([]string, len(runs))
	for i, r := range runs {
		for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime} {
			names[i] = r.File.Run.Started.UTC().Format(layout)
			alike := 0
			for _, o := range runs {
				if o.File.Run.Started.UTC().Format(layout) == names[i] {
					alike++
				}
			}
			if alike == 1 {
				break
			}
			names[i] = r.Name
		}
	}
	return names
}

func newHistoryRun(r NamedRun) HistoryRun {
	word, c := outcome(r.File)
	h := HistoryRun{
		Name: r.Name, ID: r.File.Run.ID, Started: r.File.Run.Started.UTC(),
		Loadstone: r.File.Run.Loadstone.Version, Outcome: strings.ToLower(word), mood: mood(c),
		Kernels: []string{}, Planned: r.File.Run.Planned, Owed: r.File.Owed(),
	}
	for _, p := range r.File.Run.Plan {
		if !slices.Contains(h.Kernels, p.Kernel) {
			h.Kernels = append(h.Kernels, p.Kernel)
		}
	}
	return h
}

// A track follows one loader through the runs.
type track struct{ loader, version string } // version is "" where any will do

func (t track) has(c verdict.Cell) bool {
	return t.loader == c.Loader && (t.version == "" || t.version == c.LoaderVersion)
}

// tracks returns the loaders of runs, in the order in which they come up.
func tracks(runs []NamedRun) []track {
	var all []track
	several := make(map[string]bool) // versions of the loader, in a run
	for _, r := range runs {
		versions := make(map[string]string)
		for _, p := range r.File.Run.Plan {
			loader, version, _ := strings.Cut(p.Loader, "@")
			if v, known := versions[loader]; known && v != version {
				several[loader] = true
			}
			versions[loader] = version
			if t := (track{loader, version}); !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	var merged []track
	for _, t := range all {
		if !several[t.loader] {
			t.version = ""
		}
		if !slices.Contains(merged, t) {
			merged = append(merged, t)
		}
	}
	return merged
}

// loader returns the history of one loader, with an error where it could not be compared.
func (h *History) loader(t track, runs []NamedRun, now func(string) (string, string)) (HistoryLoader, error) {
	l := HistoryLoader{
		Loader:   verdict.Cell{Loader: t.loader, LoaderVersion: t.version}.LoaderName(),
		Features: []HistoryFeature{},
	}
	features := make(map[string][]HistoryCell)
	cell := func(feature string, run int) *HistoryCell {
		if features[feature] == nil {
			features[feature] = make([]HistoryCell, len(runs))
		}
		return &features[feature][run]
	}
	parts := make([]*verdict.File, len(runs))
	var failed error
	for i, r := range runs {
		is := r.File.Select(t.has)
		lr := LoaderRun{Since: -1, Asked: len(is.Run.Plan) > 0}
		if !lr.Asked {
			l.Runs = append(l.Runs, lr)
			continue
		}
		_, lr.Version, _ = strings.Cut(is.Run.Plan[0].Loader, "@")
		is = asPlanned(is)
		for feature, at := range cellsOfRun(is, h.Runs[i].Kernels) {
			*cell(feature, i) = at
		}
		for since, before := range slices.Backward(parts[:i]) {
			if before == nil {
				continue
			}
			c, err := verdict.Compare(before, is, now)
			if err != nil {
				lr.Why, failed = "no run before has a kernel of this one", err
				continue
			}
			lr.Since, lr.Why, lr.comparison = since, "", c
			break
		}
		if lr.comparison != nil {
			h.noteOf(lr.comparison)
			for _, change := range lr.comparison.Changes {
				for _, feature := range featuresOf(change) {
					at := cell(feature, i)
					at.Changes = append(at.Changes, newHistoryChange(change))
				}
			}
		}
		parts[i] = is
		l.Runs = append(l.Runs, lr)
	}
	for _, feature := range slices.Sorted(maps.Keys(features)) {
		l.Features = append(l.Features, HistoryFeature{feature, features[feature]})
	}
	for _, f := range l.Features {
		for i := range f.Cells {
			f.Cells[i].Kernels = append([]FeatureOnKernel{}, f.Cells[i].Kernels...)
			f.Cells[i].Changes = append([]HistoryChange{}, f.Cells[i].Changes...)
			f.Cells[i].Unmet = append([]HistorySpec{}, f.Cells[i].Unmet...)
		}
	}
	return l, failed
}

// noteOf keeps what a comparison says beside its changes, but that a run is incomplete: that is
// said of the run.
func (h *History) noteOf(c *verdict.Comparison) {
	for _, note := range c.Notes {
		if !strings.Contains(note, "the run is incomplete") && !slices.Contains(h.Notes, note) {
			h.Notes = append(h.Notes, note)
		}
	}
}

// featuresOfVerdict returns what a verdict counts for.
func featuresOfVerdict(v *verdict.Verdict) []string {
	if len(v.Profiles) == 0 {
		return []string{v.Suite}
	}
	return v.Profiles
}

// featuresOf returns what a change counts for: the features that the spec has now, or had.
func featuresOf(c verdict.Change) []string {
	if c.Is != nil && (len(c.Is.Profiles) > 0 || c.Was == nil) {
		return featuresOfVerdict(c.Is)
	}
	return featuresOfVerdict(c.Was)
}

func newHistoryChange(c verdict.Change) HistoryChange {
	h := HistoryChange{Kind: c.Kind, Spec: c.Spec, Kernel: c.Cell().Kernel, Reason: c.Why}
	if c.Was != nil {
		h.Was = c.Was.Kind
	}
	if c.Is != nil {
		h.Is = c.Is.Kind
		if h.Reason == "" {
			h.Reason = c.Is.Reason
		}
	}
	return h
}

// cellsOfRun returns how a loader did in one run, by feature.
func cellsOfRun(f *verdict.File, kernels []string) map[string]HistoryCell {
	type place struct{ feature, kernel string }
	counts := make(map[place]*featureCount)
	cells := make(map[string]HistoryCell)
	for _, v := range sorted(f) {
		for _, feature := range featuresOfVerdict(&v) {
			at := place{feature, v.Cell.Kernel}
			if counts[at] == nil {
				counts[at] = new(featureCount)
			}
			counts[at].add(v)
			c := cells[feature]
			if unmet(v) || v.Unknown() {
				c.Unmet = append(c.Unmet, HistorySpec{v.Spec, v.Cell.Kernel, v.Kind, v.Reason})
			}
			cells[feature] = c
		}
	}
	for feature, c := range cells {
		for _, kernel := range kernels {
			n := counts[place{feature, kernel}]
			if n == nil {
				continue
			}
			word := cmp.Or(n.standing("", feature).Word, "no musts")
			c.Kernels = append(c.Kernels, FeatureOnKernel{
				kernel, word, n.passed, n.failed, n.refused, n.skipped, n.unknown,
			})
		}
		cells[feature] = c
	}
	return cells
}
