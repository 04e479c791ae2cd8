// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/verdict"
)

func TestShortKernels(t *testing.T) {
	got := shortKernels([]string{
		"6.12", "./bzImage", "/a/x/vmlinuz", "/b/x/vmlinuz", "/c/linux/", "/s/6.12", "/",
	})
	want := kernelNames{
		"6.12": "6.12", "./bzImage": "bzImage", "/a/x/vmlinuz": "a/x/vmlinuz",
		"/b/x/vmlinuz": "b/x/vmlinuz", "/c/linux/": "linux", "/s/6.12": "s/6.12", "/": "/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Tables and findings of a kernel that is named by a path are as narrow as others. Its path stands
// once in the head, and in the commands.
func TestAKernelByPathHasAShortName(t *testing.T) {
	const path = "/home/someone/src/linux/arch/x86/boot/bzImage"
	f := fixture(t, "full.jsonl")
	old := f.Run.Kernels[0].Name
	f.Run.Kernels[0].Name = path
	for i := range f.Run.Plan {
		if f.Run.Plan[i].Kernel == old {
			f.Run.Plan[i].Kernel = path
		}
	}
	for i := range f.Verdicts {
		if v := &f.Verdicts[i]; v.Cell.Kernel == old {
			v.Cell.Kernel = path
			if v.Again != "" {
				v.Again = verdict.Again(v.Cell, v.Spec)
			}
		}
	}
	var page, summary bytes.Buffer
	if err := writePage(&page, f); err != nil {
		t.Fatal(err)
	}
	if err := writeMarkdown(&summary, f); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"terminal": string(terminal(t, f, Screen{})), "summary": summary.String(),
		"page": page.String(),
	} {
		heads := 0
		for line := range strings.Lines(text) {
			whole := strings.Contains(strings.ReplaceAll(line, "\\", ""), path)
			switch {
			case !whole:
			case strings.Contains(line, "is "+path) || strings.Contains(line, "<sub>run ") ||
				strings.Contains(line, "<dt>kernel "):
				heads++
			case strings.Contains(line, "again"), strings.Contains(line, "--kernel"):
			default:
				t.Errorf("%s: %s", name, line)
			}
		}
		if heads != 1 {
			t.Errorf("%s: the kernel's path stands in %d lines of the head, want 1", name, heads)
		}
		if !strings.Contains(text, "bzImage") {
			t.Errorf("%s: the kernel is called nothing", name)
		}
	}
}
