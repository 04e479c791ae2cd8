// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
)

// historyFormats returns the name of every format that a history has.
func historyFormats() []string {
	every := []string{onTerminal}
	for _, f := range report.HistoryFormats {
		every = append(every, string(f))
	}
	return every
}

// makeHistory shows how loaders did from run to run. It ends with 0 whatever they did: what is
// worse is for compare to judge.
func makeHistory(cmd *cobra.Command, args []string, dir string, formats []string, asJSON bool) error {
	files, show, err := parseFormats(formats)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !slices.Contains(report.HistoryFormats, f) {
			return usageError{fmt.Errorf("--format %s is of one run; a history of several has %s", f,
				strings.Join(historyFormats(), ", "))}
		}
	}
	h, err := readHistory(args)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), h)
	}
	written, err := report.WriteHistory(dir, h, files...)
	if err != nil {
		return err
	}
	if !show {
		return nil
	}
	if err := report.HistoryOnScreen(cmd.OutOrStdout(), h, screenOf(cmd)); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if i := slices.Index(files, report.HTML); i >= 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "report  %s\n", written[i])
	}
	return appendSummary(report.HistoryMarkdown(h))
}

// readHistory reads the runs that a user names, and makes their history.
func readHistory(args []string) (*report.History, error) {
	committed, err := catalogue.Committed()
	if err != nil {
		return nil, err
	}
	var runs []report.NamedRun
	for _, name := range args {
		f, err := readSide(name)
		if err != nil {
			return nil, err
		}
		if len(f.Run.Objects) > 0 {
			return nil, usageError{fmt.Errorf("report: %s is of a check, and a history is of runs", name)}
		}
		runs = append(runs, report.NamedRun{Name: name, File: f})
	}
	h, err := report.NewHistory(runs, committed.Now)
	if err != nil {
		return nil, usageError{fmt.Errorf("report: %w", err)}
	}
	return h, nil
}

// folderOfRun returns the folder that a run or a part of one is in, as a user names it.
func folderOfRun(name string) string {
	path, _, _ := strings.Cut(name, ",")
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path
	}
	return filepath.Dir(path)
}
