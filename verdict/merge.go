// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrOverlap reports runs of shards that ran the same: a spec in a cell would count twice.
	ErrOverlap = errors.New("shards overlap")

	// ErrGap reports runs of shards that leave something out of their plan.
	ErrGap = errors.New("shards leave a gap")
)

// Merge makes one run of the runs of all shards of a plan, in the order of their numbers. Errors
// wrap [ErrOverlap], [ErrGap], [ErrOtherRun], or [ErrIncomplete] for a run that did not come to its
// end.
func Merge(files []*File) (*File, error) {
	files = slices.Clone(files)
	for _, f := range files {
		if f.Run.Shard == nil {
			return nil, fmt.Errorf("%w: %s is of no shard", ErrOtherRun, f.Run.ID)
		}
		if !f.Complete() {
			return nil, fmt.Errorf("%w: shard %d (%s)", ErrIncomplete, f.Run.Shard.Number, f.Run.ID)
		}
	}
	slices.SortStableFunc(files, func(a, b *File) int { return cmp.Compare(a.Run.Shard.Number, b.Run.Shard.Number) })
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrGap)
	}
	merged := &File{Run: files[0].Run, End: &End{Complete: true}}
	merged.Run.Shard, merged.Run.Plan, merged.Run.Planned, merged.Run.Suites = nil, nil, 0, nil
	merged.Run.Seed = 0 // each had its own
	merged.Run.Specs = nil
	first := files[0].Run
	seen := make(map[slot]bool)
	at := make(map[Part]int) // index in the plan, by the part with Specs 0
	for i, f := range files {
		s := *f.Run.Shard
		if s.Plan != first.Shard.Plan || s.Of != first.Shard.Of || s.Specs != first.Shard.Specs {
			return nil, fmt.Errorf("%w: %s is a shard of another plan", ErrOtherRun, f.Run.ID)
		}
		if err := first.Same(f.Run); err != nil {
			return nil, fmt.Errorf("shard %d: %w", s.Number, err)
		}
		if s.Number < i+1 {
			return nil, fmt.Errorf("%w: shard %d is there twice", ErrOverlap, s.Number)
		}
		if s.Number > i+1 {
			return nil, fmt.Errorf("%w: shard %d of %d is not there", ErrGap, i+1, s.Of)
		}
		for _, v := range f.Verdicts {
			if seen[v.slot()] {
				return nil, fmt.Errorf("%w: %s of %s", ErrOverlap, v.Spec, v.Cell)
			}
			seen[v.slot()] = true
		}
		for _, p := range f.Run.Plan {
			key := Part{Loader: p.Loader, Kernel: p.Kernel, Suite: p.Suite}
			n, found := at[key]
			if !found {
				n = len(merged.Run.Plan)
				at[key] = n
				merged.Run.Plan = append(merged.Run.Plan, key)
			}
			merged.Run.Plan[n].Specs += p.Specs
			merged.Run.Suites = appendNew(merged.Run.Suites, p.Suite)
			merged.Run.Planned += p.Specs
		}
		merged.Run.Specs = withSpecs(merged.Run.Specs, f.Run.Specs)
		merged.Verdicts = append(merged.Verdicts, f.Verdicts...)
		merged.End.Problems = appendNew(merged.End.Problems, f.End.Problems...)
		merged.End.Notes = appendNew(merged.End.Notes, f.End.Notes...)
		merged.End.DurationMS = max(merged.End.DurationMS, f.End.DurationMS)
		if f.Run.Started.Before(merged.Run.Started) {
			merged.Run.Started = f.Run.Started
		}
	}
	if len(files) < first.Shard.Of {
		return nil, fmt.Errorf("%w: shard %d of %d is not there", ErrGap, len(files)+1, first.Shard.Of)
	}
	if want := first.Shard.Specs * len(first.Kernels) * len(first.Loaders); len(merged.Verdicts) != want {
		return nil, fmt.Errorf("%w: %d of %d verdicts are there", ErrGap, len(merged.Verdicts), want)
	}
	return merged, nil
}

// withSpecs returns the specs of each suite in either of two.
func withSpecs(all, more map[string][]string) map[string][]string {
	if all == nil {
		all = make(map[string][]string)
	}
	for suite, ids := range more {
		all[suite] = appendNew(all[suite], ids...)
	}
	return all
}
