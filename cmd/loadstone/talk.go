// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/check"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A talk is the conversation of loadstone loaders check alone, with a driver as it lies in its
// folder.
type talk struct {
	loaderCheck
	load     bool
	deadline time.Duration
}

func newLoadersTalkCommand(cache *cacheOptions) *cobra.Command {
	t := talk{loaderCheck: loaderCheck{cache: cache}}
	cmd := &cobra.Command{
		Use:   "talk LOADER [OBJECT]",
		Short: "Have the conversation with a driver, on this machine, as it is",
		Long: `Have the conversation of 'loadstone loaders check' with a driver that runs on this machine as it is: no packages are fetched, no root folder is
made, no machine is started. It is for who writes a driver: what goes in and what comes out is printed as it comes.

With OBJECT, a path, the driver is asked to open that too and, with --load, to load it into this machine's kernel until it is closed, which takes root.
What a driver finds here is this machine's libraries, so 'loadstone loaders check' has the last word. Exit codes: 0 all is well;
1 the driver or its manifest is at fault; 2 wrong usage; 3 there was no conversation.`,
		Example: `  loadstone loaders talk ./my-loader.yaml
  loadstone loaders talk ./my-loader.yaml ./counter.bpf.o
  sudo loadstone loaders talk ./my-loader.yaml ./counter.bpf.o --load`,
		Args: cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(
			cmd *cobra.Command, args []string, start string,
		) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return []string{"o"}, cobra.ShellCompDirectiveFilterFileExt
			}
			return completeLoaders(cmd, args, start)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			t.cmd = cmd
			object := ""
			if len(args) > 1 {
				object = args[1]
			}
			return t.with(args[0], object)
		},
	}
	cmd.Flags().BoolVar(&t.load, "load", false, "load OBJECT into this machine's kernel too")
	cmd.Flags().DurationVar(&t.deadline, "deadline", 5*time.Second,
		"wait `TIME` for each answer")
	return cmd
}

// with talks with one driver.
func (t *talk) with(arg, object string) error {
	if t.load && object == "" {
		return usageError{errors.New("--load takes an OBJECT to load")}
	}
	if object != "" {
		if _, err := os.Stat(object); err != nil {
			return usageError{fmt.Errorf("object: %w", err)}
		}
	}
	choices, err := findLoader(arg)
	switch {
	case errors.Is(err, loader.ErrManifest):
		t.finding("manifest", err)
		return t.verdict()
	case err != nil:
		return usageError{err}
	case len(choices) > 1:
		return usageError{fmt.Errorf("%s: talk is with one driver, and these are %d", arg, len(choices))}
	case len(choices[0].Command) == 0:
		return usageError{fmt.Errorf("%s: it is linked into the guest, and no driver", arg)}
	}
	t.finding("manifest", nil)
	if err := t.talk(choices[0], object); err != nil {
		return err
	}
	return t.verdict()
}

// talk has the conversation. Faults of the driver are counted; an error says that there was none.
func (t *talk) talk(choice drivers.Choice, object string) (err error) {
	work, err := os.MkdirTemp("", "loadstone-talk-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	options, err := t.cache.bundleOptions(choice)
	if err != nil {
		return err
	}
	command, err := bundle.OnHost(t.cmd.Context(), options, work)
	if isAuthors(err) {
		t.finding("driver", err)
		return nil
	}
	if err != nil {
		return err
	}
	if object != "" {
		if object, err = filepath.Abs(object); err != nil {
			return err
		}
	}
	report := check.Check(t.cmd.Context(), check.Driver{
		Name: choice.Name, Work: work, Object: object, Load: t.load,
		Dirs: loader.Dirs{Work: work, BPFFS: filepath.Join(work, "bpffs")},
		Start: func(ctx context.Context, trace func(loader.Exchange)) (loader.Loader, error) {
			return loader.Start(ctx, command(ctx), loader.Options{
				Deadline: t.deadline, Grace: t.deadline / 4,
				Trace: func(x loader.Exchange) { trace(x); t.exchange(x) },
			})
		},
	})
	t.report(report, false)
	return nil
}

// verdict ends a command with what was found.
func (c *loaderCheck) verdict() error {
	if c.faults > 0 {
		return quietError{verdict.ExitFailed}
	}
	return nil
}
