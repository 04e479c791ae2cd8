// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/loadstone-bpf/loadstone/report"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// onTerminal names the format that is no file.
const onTerminal = "terminal"

// newReportCommand returns `loadstone report`: what run files say, shown again.
func newReportCommand() *cobra.Command {
	var dir string
	var formats []string
	var origin string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "Make the reports of a run again, or the history of several",
		Long: `report makes the reports of a run from its run.jsonl, which RUN names, or its folder: the matrix and the failures on the terminal, report.html, junit.xml, run.ktap,
kcidb.json, summary.md and findings.md beside the file or in the folder that --out names.

The exit code is that of the run. A file without its end is reported as far as it goes, is called incomplete, and ends with 3.

Of several runs, report makes the history: how each loader did with each feature in each run, on which kernels, and what changed since the run before that has the loader,
on the terminal, in history.html and in history.md, in the folder of the last RUN or in --out. The runs are put in the order in which they began. RUN may be a part of one then, as
with 'loadstone compare': out,kernel=6.12 or out,loader=libbpf. Cells are compared as compare does, so specs that were renamed are followed. A run that did not come to its end is
marked. The exit code is 0 whatever the runs say; a run that is given twice, or runs that have no loader and kernel in common, are wrong usage and end with 2.`,
		Example: `  loadstone report out/run.jsonl                        # all of it, files beside run.jsonl
  loadstone report out/run.jsonl --format terminal      # on the terminal only
  loadstone report out/run.jsonl --format html --out /srv/www
  loadstone report out --format kcidb --origin my_lab   # for KernelCI's database
  loadstone report v1/run.jsonl v2/run.jsonl v3/run.jsonl --out history   # what each loader does, from run to run
  loadstone report runs/a runs/b,loader=libbpf --json   # the same as one JSON document`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON && (dir != "" || cmd.Flags().Changed("format")) {
				return usageError{errors.New("--json prints, and writes no files: leave out --out and --format")}
			}
			if dir == "" {
				dir = folderOfRun(args[len(args)-1])
			}
			if len(args) == 1 && !asJSON {
				return makeReportsFrom(cmd, origin, runFileOf(args[0]), dir, formats)
			}
			if !cmd.Flags().Changed("format") {
				formats = historyFormats()
			}
			return makeHistory(cmd, args, dir, formats, asJSON)
		},
	}
	every := everyFormat()
	cmd.Flags().StringVar(&dir, "out", "", "write the reports to `DIR` (default that of the last RUN)")
	cmd.Flags().StringVar(&origin, "origin", report.DefaultOrigin, "name `ORIGIN` in kcidb.json as the system that results come from")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the history as one JSON document, and write no files")
	cmd.Flags().StringSliceVar(&formats, "format", every, fmt.Sprintf("make these reports, of `%s`, several with commas between",
		strings.Join(every, "|")))
	completeFormats := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return every, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("format", completeFormats); err != nil {
		panic(err) // the flag is defined above
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return cmd
}

// everyFormat returns the name of every format there is.
func everyFormat() []string {
	every := []string{onTerminal}
	for _, f := range report.Formats {
		every = append(every, string(f))
	}
	return every
}

// makeReports makes the reports of one run file, and ends as the run did.
func makeReports(cmd *cobra.Command, path, dir string, formats []string) error {
	return makeReportsFrom(cmd, report.DefaultOrigin, path, dir, formats)
}

// makeReportsFrom does what [makeReports] does, and names the system that results come from.
func makeReportsFrom(cmd *cobra.Command, origin, path, dir string, formats []string) error {
	files, show, err := parseFormats(formats)
	if err != nil {
		return err
	}
	if err := report.CheckOrigin(origin); err != nil {
		return usageError{fmt.Errorf("--origin: %w", err)}
	}
	run, err := verdict.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, verdict.ErrNotRun) {
		return usageError{fmt.Errorf("report: %w", err)}
	}
	if run == nil {
		return fmt.Errorf("report: %w", err)
	}
	if len(run.Run.Objects) > 0 {
		return usageError{fmt.Errorf("report: %s is of a check, whose reports are beside it: check again to make them anew", path)}
	}
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "loadstone: %v\n", err)
	}
	written, err := report.WriteFrom(origin, dir, run, files...)
	if err != nil {
		return err
	}
	if show {
		page := ""
		if i := slices.Index(files, report.HTML); i >= 0 {
			page = written[i]
		}
		if err := report.Terminal(cmd.OutOrStdout(), run, screenOf(cmd), page); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	if show && slices.Contains(files, report.Markdown) {
		if err := tellGitHub(cmd, run, dir); err != nil {
			return err
		}
	}
	err = run.Err()
	var unclean *verdict.RunError
	if show && errors.As(err, &unclean) {
		return quietError{unclean.ExitCode()} // the terminal has it all
	}
	return err
}

// parseFormats takes the formats that are files from the one that is not.
func parseFormats(formats []string) (files []report.Format, show bool, err error) {
	for _, name := range formats {
		f := report.Format(name)
		switch {
		case name == onTerminal:
			show = true
		case !slices.Contains(report.Formats, f):
			return nil, false,
				usageError{fmt.Errorf("unknown format %q; there are %s", name,
					strings.Join(everyFormat(), ", "))}
		case !slices.Contains(files, f):
			files = append(files, f)
		}
	}
	if len(formats) == 0 || strings.Join(formats, "") == "" {
		return nil, false,
			usageError{fmt.Errorf("no format is given; there are %s",
				strings.Join(everyFormat(), ", "))}
	}
	return files, show, nil
}

// screenOf returns what a command's output goes to.
func screenOf(cmd *cobra.Command) report.Screen {
	if f, ok := cmd.OutOrStdout().(*os.File); ok {
		return report.ScreenOf(f)
	}
	return report.Screen{}
}
