// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/check"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A narrowing asks kernels between those of a check, until it is known for each object and loader
// with which series it begins to load, or no longer does.
type narrowing struct {
	o       checkOptions
	cmd     *cobra.Command
	lab     *run.Lab
	plan    run.Plan // of the check: all objects and loaders
	objects []check.Object
	series  []string // every kernel series that can be had, from old to new
	answers check.Answers
	runs    []verdict.Run // of the kernels between
}

// A gap lies between two kernels that were asked, the older of which ends otherwise.
type gap struct {
	object   *check.Object
	loader   string
	from, to string
}

// narrow returns the answers of a check with those of the kernels between that had to be asked, and
// what these runs were.
func (o checkOptions) narrow(
	cmd *cobra.Command, lab *run.Lab, plan run.Plan, objects []check.Object, answers check.Answers,
) (check.Answers, []verdict.Run, error) {
	store, end, err := o.run.cache.store(cmd, false)
	if err != nil {
		return answers, nil, err
	}
	offers, err := store.List(cmd.Context())
	end()
	if len(offers) == 0 && err != nil {
		return answers, nil, err
	}
	n := narrowing{o: o, cmd: cmd, lab: lab, plan: plan, objects: objects, answers: answers}
	for _, offer := range newestOfSeries(offers) {
		n.series = append(n.series, offer.Series)
	}
	for _, g := range n.gaps() {
		if err := n.close(g); err != nil {
			return n.answers, n.runs, err
		}
	}
	return n.answers, n.runs, nil
}

// gaps returns where neighboring kernels end otherwise, and there are others between. A kernel that
// is no series, as one that was given by its path, has no place among them.
func (n *narrowing) gaps() []gap {
	var all []gap
	for _, o := range n.answers.Objects() {
		of := n.answers.Of(o)
		for _, l := range n.answers.Loaders {
			last := ""
			for _, k := range n.series {
				a := of[k][l]
				if a == nil || a.Unknown() {
					continue
				}
				if last != "" && of[last][l].Loads() != a.Loads() && len(n.between(last, k)) > 0 {
					all = append(all, gap{object: o, loader: l, from: last, to: k})
				}
				last = k
			}
		}
	}
	return all
}

// between returns the series between two.
func (n *narrowing) between(from, to string) []string {
	return n.series[slices.Index(n.series, from)+1 : slices.Index(n.series, to)]
}

// close finds by halving where in a gap the object begins to end otherwise.
func (n *narrowing) close(g gap) error {
	row := n.series[slices.Index(n.series, g.from) : slices.Index(n.series, g.to)+1]
	_, err := verdict.Bisect(len(row), func(i int) (verdict.Standing, error) {
		a := n.answers.Of(g.object)[row[i]][g.loader]
		if a == nil {
			if err := n.ask(row[i]); err != nil {
				return "", err
			}
			a = n.answers.Of(g.object)[row[i]][g.loader]
		}
		switch {
		case a == nil || a.Unknown():
			return verdict.Untold, nil
		case a.Loads():
			return verdict.Good, nil
		}
		return verdict.Bad, nil
	})
	if errors.Is(err, verdict.ErrNoTurn) {
		return nil // an end could not be told when it was asked
	}
	return err
}

// ask checks on one more kernel all that has a gap around it.
func (n *narrowing) ask(kernel string) (err error) {
	plan := n.plan
	plan.Specs, plan.Loaders, plan.ID = nil, nil, newRunID()
	var objects []check.Object
	gaps := n.gaps()
	about := func(of func(gap) bool) bool {
		return slices.ContainsFunc(gaps, func(g gap) bool {
			return of(g) && slices.Contains(n.between(g.from, g.to), kernel)
		})
	}
	for i, s := range n.plan.Specs {
		o := &n.objects[i]
		if about(func(g gap) bool { return g.object == o }) {
			plan.Specs = append(plan.Specs, s)
			objects = append(objects, *o)
		}
	}
	for _, l := range n.plan.Loaders {
		if about(func(g gap) bool { return g.loader == l.String() }) {
			plan.Loaders = append(plan.Loaders, l)
		}
	}
	fmt.Fprintf(n.cmd.ErrOrStderr(), "asking %s, which is between (%d of the objects)\n", kernel, len(objects))
	one := n.o
	one.run.kernels = []string{kernel}
	one.run.out = filepath.Join(n.o.run.out, "between", kernel)
	if plan.Kernels, err = one.run.findKernels(n.cmd, n.lab); err != nil {
		return err
	}
	described, err := one.describe(plan, n.lab, objects)
	if err != nil {
		return err
	}
	more, err := one.carryOut(n.cmd, plan, described, objects)
	if err != nil {
		return err
	}
	for _, a := range more.All {
		// It is of the object that the check is about, of which objects had a copy.
		at := slices.IndexFunc(n.plan.Specs, func(s record.Spec) bool { return s.ID == a.Verdict.Spec })
		a.Object = &n.objects[at]
		n.answers.All = append(n.answers.All, a)
	}
	n.insert(kernel)
	n.runs = append(n.runs, described)
	return nil
}

// insert puts a kernel before the next newer one of those that were asked.
func (n *narrowing) insert(kernel string) {
	place := slices.Index(n.series, kernel)
	at := slices.IndexFunc(n.answers.Kernels, func(k string) bool { return slices.Index(n.series, k) > place })
	if at < 0 {
		at = len(n.answers.Kernels)
	}
	n.answers.Kernels = slices.Insert(n.answers.Kernels, at, kernel)
}

// with returns a run as one that has what others had too: more kernels, for what was asked there.
func with(about verdict.Run, others []verdict.Run) verdict.Run {
	about.Kernels, about.Plan = slices.Clone(about.Kernels), slices.Clone(about.Plan)
	if len(others) > 0 {
		about.Specs = nil // not every kernel was asked the same
	}
	for _, o := range others {
		about.Kernels = append(about.Kernels, o.Kernels...)
		about.Plan = append(about.Plan, o.Plan...)
		about.Planned += o.Planned
	}
	return about
}
