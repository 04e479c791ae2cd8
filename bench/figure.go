// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

// A figure is one number that was measured several times.
type figure struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit"`
	Median float64  `json:"median"`
	Min    float64  `json:"min"`
	Max    float64  `json:"max"`
	Runs   int      `json:"runs"`
	Bar    *float64 `json:"bar,omitempty"`   // the most that the median may be
	Holds  *bool    `json:"holds,omitempty"` // whether it is no more; none without a bar
}

// newFigure is the figure of these measurements. A bar of 0 is none.
func newFigure(name, unit string, bar float64, measured []float64) figure {
	sorted := slices.Sorted(slices.Values(measured))
	n := len(sorted)
	f := figure{Name: name, Unit: unit, Min: sorted[0], Max: sorted[n-1], Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Runs: n}
	if bar > 0 {
		holds := f.Median <= bar
		f.Bar, f.Holds = &bar, &holds
	}
	return f
}

// A sheet collects figures and shows each as it comes.
type sheet struct {
	progress io.Writer
	figures  []figure
}

func (s *sheet) add(name, unit string, bar float64, measured []float64) figure {
	f := newFigure(name, unit, bar, measured)
	s.figures = append(s.figures, f)
	fmt.Fprintf(s.progress, "bench: %s: %s\n", f.Name, f.text(f.Median))
	return f
}

// boots is the unit of what is held against bare boots of a kernel.
func boots(kernel string) string { return "boots of " + kernel }

// text is a value in the figure's unit, with three digits that mean something.
func (f figure) text(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f %s", v, f.Unit)
	case v >= 10:
		return fmt.Sprintf("%.1f %s", v, f.Unit)
	case v >= 1:
		return fmt.Sprintf("%.2f %s", v, f.Unit)
	}
	return fmt.Sprintf("%.3f %s", v, f.Unit)
}

// table writes all figures.
func (s *sheet) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NUMBER\tMEDIAN\tMIN\tMAX\tRUNS\tBAR\tHOLDS")
	for _, f := range s.figures {
		bar, holds := "", ""
		if f.Bar != nil {
			bar, holds = f.text(*f.Bar), "yes"
			if !*f.Holds {
				holds = "NO"
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", f.Name, f.text(f.Median), f.text(f.Min),
			f.text(f.Max), f.Runs, bar, holds)
	}
	return t.Flush()
}

// save writes bench.json into a folder.
func (s *sheet) save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(s.figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "bench.json"), append(text, '\n'), 0o644)
}
