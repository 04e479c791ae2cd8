// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// A trial has loaders load one good object in a clone of a kernel. Load returns the verdict on it;
// its error says why there is none.
type trial interface {
	Load(cmd *cobra.Command, choice drivers.Choice) (verdict.Verdict, error)
	Close() error
}

// An openTrial returns the trial of a kernel that a user named. It sees that there is such a
// kernel, and starts no guest.
type openTrial func(cmd *cobra.Command, kernel string) (trial, error)

// A cloneTrial runs [record.TrialSpec] in clones of one kernel.
type cloneTrial struct {
	cache  *cacheOptions
	lab    *run.Lab
	kernel *kernel.Kernel
	clones run.Kernel // once one was asked for
}

// trial implements [openTrial].
func (o *cacheOptions) trial(cmd *cobra.Command, name string) (trial, error) {
	lab, err := o.lab(cmd)
	if err != nil {
		return nil, err
	}
	t := &cloneTrial{cache: o, lab: lab}
	store, end, err := o.store(cmd, false)
	if err != nil {
		return nil, errors.Join(err, lab.Close())
	}
	defer end()
	if name == string(kernel.Native) {
		err := usageError{errors.New("native: a load in a clone takes a kernel that a guest can boot")}
		return nil, errors.Join(err, lab.Close())
	}
	if t.kernel, err = store.Get(cmd.Context(), name); err != nil {
		return nil, errors.Join(err, lab.Close())
	}
	return t, nil
}

// Load implements [trial].
func (t *cloneTrial) Load(
	cmd *cobra.Command, choice drivers.Choice,
) (v verdict.Verdict, err error) {
	if t.clones == nil {
		if err := t.lab.Choose(cmd.Context(), "auto", t.kernel); err != nil {
			return v, err
		}
		t.clones = t.lab.Kernel(t.kernel)
	}
	set, err := requirements.Read()
	if err != nil {
		return v, err
	}
	loaders, err := t.cache.bring(cmd, []drivers.Choice{choice}, true)
	if err != nil {
		return v, err
	}
	plan := run.Plan{
		ID: newRunID(), Kernels: []run.Kernel{t.clones}, Loaders: loaders, Isolation: run.BySpec,
		Jobs: 1, Specs: []record.Spec{{ID: record.TrialSpec, Suite: "check"}},
		Limits: record.DefaultLimits, Requirements: set,
	}
	var kept trialResult
	if err := plan.Do(cmd.Context(), &kept, &kept); err != nil {
		return v, err
	}
	if kept.unready != nil {
		return v, fmt.Errorf("make %s ready: %w", t.kernel.Name, kept.unready)
	}
	return kept.verdict, nil
}

// Close implements [trial].
func (t *cloneTrial) Close() error {
	var err error
	if t.clones != nil {
		err = closeKernels([]run.Kernel{t.clones})
	}
	return errors.Join(err, t.lab.Close())
}

// trialResult keeps the verdict of a trial.
type trialResult struct {
	verdict verdict.Verdict
	unready error
}

func (r *trialResult) Write(v verdict.Verdict) error                 { r.verdict = v; return nil }
func (r *trialResult) Preparing(string)                              {}
func (r *trialResult) Prepared(_ string, _ time.Duration, err error) { r.unready = err }
func (r *trialResult) Began(run.Turn)                                {}
func (r *trialResult) Again(verdict.Cell, record.Spec)               {}
func (r *trialResult) Verdict(verdict.Verdict)                       {}
