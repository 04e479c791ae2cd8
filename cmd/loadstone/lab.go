// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// dir returns the cache's folder.
func (o *cacheOptions) dir() (string, error) {
	if o.cache != "" {
		return o.cache, nil
	}
	return kernel.DefaultCache()
}

// lab returns the source of a command's virtual machines, without an accelerator yet. Notices go to
// the command's stderr.
func (o *cacheOptions) lab(cmd *cobra.Command) (*run.Lab, error) {
	guest, err := run.FindGuest()
	if err != nil {
		return nil, err
	}
	dir, err := o.dir()
	if err != nil {
		return nil, err
	}
	return &run.Lab{Guest: guest, Cache: dir, Log: slog.New(notices{cmd.ErrOrStderr()})}, nil
}

// addAccelFlag gives a command that starts guests the flag --accel.
func addAccelFlag(cmd *cobra.Command, accel *string) {
	cmd.Flags().StringVar(accel, "accel", machine.AccelChoices[0], fmt.Sprintf(
		"run guests with `%s`: auto is kvm where a guest was seen to run with it, else tcg",
		strings.Join(machine.AccelChoices, "|")))
	registerCompletion(cmd, "accel", words(machine.AccelChoices...))
}
