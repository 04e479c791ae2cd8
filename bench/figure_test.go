// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestASheetSaysWhichBarsHold(t *testing.T) {
	s := &sheet{progress: io.Discard}
	s.add("matrix, in boots", boots("6.12"), 40, []float64{44, 38, 39})
	s.add("cell, in boots", boots("6.12"), 12, []float64{13, 12.5, 11})
	s.add("cell", "s", 0, []float64{60, 80})

	var table strings.Builder
	if err := s.table(&table); err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(table.String()) {
		rows = append(rows, strings.Fields(strings.ReplaceAll(line, " boots of 6.12", "b")))
	}
	if diff := cmp.Diff([][]string{
		{"NUMBER", "MEDIAN", "MIN", "MAX", "RUNS", "BAR", "HOLDS"},
		{"matrix,", "in", "boots", "39.0b", "38.0b", "44.0b", "3", "40.0b", "yes"},
		{"cell,", "in", "boots", "12.5b", "11.0b", "13.0b", "3", "12.0b", "NO"},
		{"cell", "70.0", "s", "60.0", "s", "80.0", "s", "2"},
	}, rows); diff != "" {
		t.Error(diff)
	}

	dir := t.TempDir()
	if err := s.save(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var saved []map[string]any
	if err := json.Unmarshal(text, &saved); err != nil {
		t.Fatal(err)
	}
	var holds []any
	for _, f := range saved {
		holds = append(holds, f["bar"], f["holds"])
	}
	if diff := cmp.Diff([]any{40.0, true, 12.0, false, nil, nil}, holds); diff != "" {
		t.Error(diff)
	}
}

func TestAVerdictIsSeenInALineOfProgress(t *testing.T) {
	for line, want := range map[string]bool{
		"[....................]  0/932  0:00  making 5.10 ready":                 false,
		"[....................]  1/932  1 pass  0:07  making 7.3 ready":          true,
		"[#...................]  63/932  60 pass, 3 skip  0:10, about 0:47 left": true,
		"loadstone: guests are run by TCG, which is slower":                      false,
	} {
		if got := verdictLine.MatchString(line); got != want {
			t.Errorf("%q: %t", line, got)
		}
	}
}
