// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/vmtest/arch"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares QEMU's command line, an option a line, with a file.
func golden(t *testing.T, name string, args []string) {
	t.Helper()
	var lines strings.Builder
	for i, a := range args {
		switch {
		case i == 0:
		case strings.HasPrefix(a, "-"):
			lines.WriteString("\n")
		default:
			lines.WriteString(" ")
		}
		lines.WriteString(a)
	}
	lines.WriteString("\n")
	file := filepath.Join("testdata", name+".argv")
	if *update {
		if err := os.WriteFile(file, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), lines.String()); diff != "" {
		t.Errorf("%s differs (-want +got), -update writes it:\n%s", file, diff)
	}
}

func TestArgv(t *testing.T) {
	files := memory{files: []string{"/cache/a,b/node0", "/cache/a,b/node1"}}
	tests := []struct {
		name   string
		config Config
		plan   plan
	}{
		{"boot", Config{}, plan{}},
		{"template", Config{}, plan{memory: memory{files: []string{"/proc/self/fd/8", "/proc/self/fd/9"}, shared: true}}},
		{"clone", Config{}, plan{memory: files, resume: true}},
		{"kvm", Config{Accel: KVM, KernelArgs: []string{"debug"}}, plan{}},
		{"nodes", Config{Nodes: []Node{{2, 256}, {1, 128}, {0, 64}}, PayloadMiB: 128}, plan{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.Kernel, test.config.Image = "/kernel", "/image"
			c, err := test.config.withDefaults()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, test.name, argv(c, test.plan))
		})
	}
}

// TestTemplateAndCloneAreTheSameMachine: QEMU finds what it saved by the place
// of each device, so nothing but where memory lies may differ, and what to boot.
func TestTemplateAndCloneAreTheSameMachine(t *testing.T) {
	c, err := Config{Kernel: "/kernel", Image: "/image"}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	template := Template{config: c, dir: "/cache/key"}
	made, _, boots := strings.Cut(strings.Join(argv(c, template.making()), " "), " -kernel ")
	if !boots {
		t.Error("template has no kernel")
	}
	cloned := strings.Join(argv(c, template.resuming()), " ")
	cloned = strings.ReplaceAll(cloned, "share=off", "share=on")
	cloned = strings.NewReplacer("/cache/key/node0", "/proc/self/fd/8", "/cache/key/node1",
		"/proc/self/fd/9").Replace(cloned)
	cloned = strings.TrimSuffix(cloned, " -incoming defer")
	if diff := cmp.Diff(made, cloned); diff != "" {
		t.Error(diff)
	}
}

func TestConfigRefuses(t *testing.T) {
	good := Config{Kernel: "/kernel", Image: "/image"}
	unproved := arch.Arch{Name: "s390x"}
	tests := []struct {
		name   string
		change func(*Config)
		want   error
	}{
		{"no kernel", func(c *Config) { c.Kernel = "" }, ErrConfig},
		{"no image", func(c *Config) { c.Image = "" }, ErrConfig},
		{"no CPU", func(c *Config) { c.Nodes = []Node{{0, 64}} }, ErrConfig},
		{"negative CPUs", func(c *Config) { c.Nodes = []Node{{2, 64}, {-1, 64}} }, ErrConfig},
		{"node without memory", func(c *Config) { c.Nodes = []Node{{1, 0}} }, ErrConfig},
		{"unknown accelerator", func(c *Config) { c.Accel = "xen" }, ErrConfig},
		{"payload device that is no power of two", func(c *Config) { c.PayloadMiB = 48 }, ErrConfig},
		{"negative payload device", func(c *Config) { c.PayloadMiB = -1 }, ErrConfig},
		{"architecture that is not proved", func(c *Config) { c.Arch = unproved }, arch.ErrUnproved},
	}
	for _, test := range tests {
		c := good
		test.change(&c)
		if _, err := c.withDefaults(); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}
