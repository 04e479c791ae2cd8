// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

// fakeQEMU returns a machine whose QEMU is a shell script.
func fakeQEMU(t *testing.T, script string) Config {
	t.Helper()
	a, err := arch.ByName("amd64")
	if err != nil {
		t.Fatal(err)
	}
	a.QEMU = filepath.Join(t.TempDir(), "qemu")
	script = "#!/bin/sh\ntest \"$1\" = --version && echo fake && exit\n" + script
	if err := os.WriteFile(a.QEMU, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := Config{Kernel: "/kernel", Image: "/image", Arch: a}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFirmwareRuns shows that the proof proves something: where guests run, it
// succeeds.
func TestFirmwareRuns(t *testing.T) {
	c := testConfig(t)
	c.Accel = TCG
	if err := runFirmware(t.Context(), c, Options{}); err != nil {
		t.Error(err)
	}
}

func TestFirmwareThatDoesNotRun(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"QEMU fails", "echo cannot set MSR >&2; exit 1", "cannot set MSR"},
		{"QEMU aborts", "echo assertion >&2; kill -ABRT $$", "assertion"},
		{"guest resets", "exit 0", ""},
		{"guest hangs", "exec sleep 1000", "was not done"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := runFirmware(t.Context(), fakeQEMU(t, test.script), Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestChooseKeepsItsProof(t *testing.T) {
	// The script counts its runs.
	runs := filepath.Join(t.TempDir(), "runs")
	c := fakeQEMU(t, fmt.Sprintf("echo run >>%s; echo no such luck >&2; exit 1", runs))
	var said bytes.Buffer
	a := Accelerators{Cache: t.TempDir(), Log: slog.New(slog.NewTextHandler(&said, nil))}
	again := "remove " + filepath.Join(a.Cache, "kvm.json")
	for range 2 {
		accel, err := a.Choose(t.Context(), "auto", c)
		if err != nil || accel != TCG {
			t.Fatalf("auto: %q, %v", accel, err)
		}
		_, err = a.Choose(t.Context(), "kvm", c)
		if !errors.Is(err, ErrNoKVM) || !strings.Contains(err.Error(), again) {
			t.Fatalf("kvm: %v, want %v, and how it is tried again", err, ErrNoKVM)
		}
	}
	if got := strings.Count(said.String(), again); got != 2 {
		t.Errorf("said %d times how KVM is tried again, want with each choice:\n%s", got, &said)
	}
	b, err := os.ReadFile(runs)
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat("/dev/kvm"); err == nil {
			t.Fatal("QEMU was never run")
		}
		return // without the device there is nothing to run
	}
	if got := strings.Count(string(b), "run"); got != 1 {
		t.Errorf("QEMU was run %d times, want once", got)
	}
}

func TestChooseWithoutProof(t *testing.T) {
	c := fakeQEMU(t, "exit 1")
	a := Accelerators{Cache: t.TempDir()}
	if accel, err := a.Choose(t.Context(), "tcg", c); err != nil || accel != TCG {
		t.Errorf("tcg: %q, %v", accel, err)
	}
	if _, err := a.Choose(t.Context(), "xen", c); !errors.Is(err, ErrConfig) {
		t.Errorf("xen: %v", err)
	}
}

// TestAGuestThatHangsUnderKVMIsNotWaitedFor has a QEMU that runs a few
// instructions under KVM and no kernel.
func TestAGuestThatHangsUnderKVMIsNotWaitedFor(t *testing.T) {
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("KVM is not tried here: %v", err)
	}
	f.Close()
	c := testConfig(t)
	if c, err = c.withDefaults(); err != nil {
		t.Fatal(err)
	}
	c.Arch.QEMU = fakeQEMU(t, fmt.Sprintf(`case "$*" in
*"-accel kvm"*-bios*) exit %d ;;
*"-accel kvm"*) exec sleep 1000 ;;
esac
exec %s "$@"`, c.Arch.Exit.Status, c.Arch.QEMU)).Arch.QEMU
	a := Accelerators{Cache: t.TempDir()}
	for _, was := range []string{"no template", "a template"} {
		started := time.Now()
		if accel, err := a.Choose(t.Context(), "auto", c); err != nil || accel != TCG {
			t.Fatalf("with %s: %q, %v", was, accel, err)
		}
		t.Logf("with %s: found out in %v", was, time.Since(started))
		p, ok := readProof(filepath.Join(a.Cache, "kvm.json"))
		if !ok || p.Works || p.Reason != errOvertaken.Error() {
			t.Errorf("with %s: proof is %+v", was, p)
		}
		if err := os.Remove(filepath.Join(a.Cache, "kvm.json")); err != nil {
			t.Fatal(err)
		}
	}
	template, err := Templates{Cache: TemplatesIn(a.Cache)}.Get(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer template.Close()
	if template.Made.Ready != 0 {
		t.Error("the template that was made meanwhile is not used")
	}
}

// TestChooseHere finds out what this host can do, and that it does not take
// long: auto must come to an accelerator that runs guests.
func TestChooseHere(t *testing.T) {
	start := time.Now()
	accel, err := Accelerators{Cache: t.TempDir()}.Choose(t.Context(), "auto", testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("auto is %s, found out in %v", accel, time.Since(start))
}
