// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
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
