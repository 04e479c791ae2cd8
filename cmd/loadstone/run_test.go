// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

func TestRunFileSaysWhatRan(t *testing.T) {
	guest := filepath.Join(t.TempDir(), "guest")
	lab := &run.Lab{Guest: guest, Accel: machine.TCG, QEMU: "7.2.22"}
	if _, err := (runOptions{}).describe(run.Plan{}, lab); err == nil {
		t.Error("described a run without a guest program")
	}
	if err := os.WriteFile(guest, []byte("abc"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := (runOptions{}).describe(run.Plan{ID: "r1"}, lab)
	if err != nil {
		t.Fatal(err)
	}
	type facts struct {
		ID, Guest, QEMU, Accel string
		Loadstone              verdict.Build
	}
	want := facts{
		ID:    "r1",
		Guest: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // FIPS 180-2, B.1
		QEMU:  "7.2.22", Accel: "tcg", Loadstone: build(),
	}
	if diff := cmp.Diff(want, facts{got.ID, got.Guest, got.Host.QEMU, got.Host.Accel,
		got.Loadstone}); diff != "" {
		t.Errorf("first line of the run file (-want +got):\n%s", diff)
	}
}
