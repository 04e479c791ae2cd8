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
)

// trial runs [record.TrialSpec] with one loader in a clone of one kernel.
func (o *cacheOptions) trial(
	cmd *cobra.Command, kernel string, choice drivers.Choice,
) (v verdict.Verdict, err error) {
	lab, err := o.lab(cmd)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, lab.Close()) }()
	kernels, err := runOptions{kernels: []string{kernel}, accel: "auto", cache: o}.findKernels(cmd,
		lab)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, closeKernels(kernels)) }()
	set, err := requirements.Read()
	if err != nil {
		return v, err
	}
	loaders, err := o.bring(cmd, []drivers.Choice{choice}, true)
	if err != nil {
		return v, err
	}
	plan := run.Plan{
		ID: newRunID(), Kernels: kernels, Loaders: loaders, Isolation: run.BySpec, Jobs: 1,
		Specs: []record.Spec{{ID: record.TrialSpec, Suite: "check"}}, Limits: record.DefaultLimits,
		Requirements: set,
	}
	var kept trialResult
	if err := plan.Do(cmd.Context(), &kept, &kept); err != nil {
		return v, err
	}
	if kept.unready != nil {
		return v, fmt.Errorf("make %s ready: %w", kernel, kept.unready)
	}
	return kept.verdict, nil
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
