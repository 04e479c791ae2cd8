// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBootedGuestIsTheSame: where nothing can be cloned, everything else works.
func TestBootedGuestIsTheSame(t *testing.T) {
	p, err := NewPayload(strings.NewReader(string(archiveOf(t, map[string]string{"driver": "x"}))),
		0)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	vm, err := Boot(t.Context(), testConfig(t), Options{Order: []byte("payload"), Payload: p})
	if err != nil {
		t.Fatal(err)
	}
	r := finish(t, vm)
	if files := decode[map[string]string](t, r, "payload"); len(files) != 1 {
		t.Errorf("payload is %v", files)
	}
}

func TestBootThatFails(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no kernel, no image"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*Config)
		cause  Cause
		detail string
	}{
		{"kernel that is none", func(c *Config) { c.Kernel = text }, QEMUFailed, "kernel"},
		{"kernel that is missing", func(c *Config) { c.Kernel += ".missing" }, QEMUFailed, "missing"},
		{"image that is none", func(c *Config) { c.Image = text }, Panic, ""},
		{"argument that stops the boot", func(c *Config) { c.KernelArgs = []string{"init=/missing", "rdinit=/missing"} }, Panic, ""},
		{"guest that fails at once", func(c *Config) { c.KernelArgs = []string{"faultguest.boot=error"} }, Unfinished, "an error of the guest"},
		{"guest that never gets ready", func(c *Config) { c.KernelArgs = []string{"faultguest.boot=hang-user"} }, Hang, "not ready"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := testConfig(t)
			test.change(&c)
			o := Options{Order: []byte("none")}
			if test.cause == Hang {
				o.Deadlines.Boot = 2 * time.Second
			}
			vm, err := Boot(t.Context(), c, o)
			if err != nil {
				// QEMU did not even come to its monitor.
				if test.cause != QEMUFailed || !strings.Contains(err.Error(), test.detail) {
					t.Errorf("got %v", err)
				}
				return
			}
			r := finish(t, vm)
			if r.end.Cause != test.cause || !strings.Contains(r.end.Detail, test.detail) {
				t.Errorf("ended %v, want %s with %q", r.end, test.cause, test.detail)
				r.report(t)
			}
		})
	}
}

func TestMissingQEMU(t *testing.T) {
	c := fakeQEMU(t, "exit 1")
	c.Arch.QEMU += ".missing"
	if _, err := Boot(t.Context(), c, Options{}); !errors.Is(err, ErrQEMU) {
		t.Errorf("got %v", err)
	}
	if _, err := (Templates{Cache: t.TempDir()}).Get(t.Context(), c); !errors.Is(err, ErrQEMU) {
		t.Errorf("template: got %v", err)
	}
}
