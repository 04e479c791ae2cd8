// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/vmtest/flock"
)

// copyTemplate copies the test template into a cache of its own, so that a
// test can harm it.
func copyTemplate(t *testing.T) (Templates, *Template) {
	t.Helper()
	from := testTemplate(t)
	ts := Templates{Cache: t.TempDir()}
	dir := filepath.Join(ts.Cache, filepath.Base(from.dir))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	to := &Template{config: from.config, dir: dir}
	// Memory that never runs may be empty.
	for i, file := range to.memoryFiles() {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, int64(from.config.Nodes[i].MemoryMiB)<<20); err != nil {
			t.Fatal(err)
		}
	}
	state, err := os.ReadFile(from.path(stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to.path(stateFile), state, 0o644); err != nil {
		t.Fatal(err)
	}
	id, err := identify(t.Context(), from.config)
	if err != nil {
		t.Fatal(err)
	}
	m, err := to.manifest(id)
	if err != nil {
		t.Fatal(err)
	}
	writeManifest(t, to, m)
	if err := os.WriteFile(dir+lockSuffix, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return ts, to
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func writeManifest(t *testing.T, to *Template, m manifest) {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to.path(manifestFile), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTemplateIsMadeOnce(t *testing.T) {
	first := testTemplate(t)
	if first.Made.Ready == 0 {
		t.Error("the first one was not made")
	}
	again, err := testTemplates().Get(t.Context(), testConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if b := again.boot; b.Took != first.Made.Ready || b.Given <= 0 || b.Given > b.Took {
		t.Errorf("its boot took %v, of which it was given %v, by the clock %v", b.Took, b.Given,
			first.Made.Ready)
	}
	if again.dir != first.dir || again.Made.Ready != 0 {
		t.Errorf("made again: %s, %s", first.dir, again.dir)
	}
}

func TestTemplateKeyTellsMachinesApart(t *testing.T) {
	c := testConfig(t)
	keys := make(map[string]string)
	for name, change := range map[string]func(*Config){
		"same":     func(*Config) {},
		"argument": func(c *Config) { c.KernelArgs = []string{"x"} },
		"nodes":    func(c *Config) { c.Nodes = []Node{{2, 1024}} },
		"payload":  func(c *Config) { c.PayloadMiB = 32 },
		"kernel":   func(c *Config) { c.Kernel = "/proc/self/exe" },
		"image":    func(c *Config) { c.Image = "/proc/self/exe" },
		"accel":    func(c *Config) { c.Accel = KVM },
	} {
		changed := c
		change(&changed)
		id, err := identify(t.Context(), changed)
		if err != nil {
			t.Fatal(err)
		}
		key, err := id.key()
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := keys[key]; taken {
			t.Errorf("%s and %s have one key", name, other)
		}
		keys[key] = name
	}
}

// TestTemplateIsVerified: whatever was done to a template, it is noticed.
func TestTemplateIsVerified(t *testing.T) {
	flip := func(t *testing.T, file string) {
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte{0xff}, 4096); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		harm func(t *testing.T, to *Template)
		want error
	}{
		{"whole", func(*testing.T, *Template) {}, nil},
		{"state altered", func(t *testing.T, to *Template) { flip(t, to.path(stateFile)) }, errStale},
		{"memory altered", func(t *testing.T, to *Template) { flip(t, to.memoryFiles()[1]) }, errStale},
		{"memory altered, and its time put back", func(t *testing.T, to *Template) {
			file := to.memoryFiles()[1]
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			flip(t, file)
			if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}, errStale},
		{"memory cut", func(t *testing.T, to *Template) {
			if err := os.Truncate(to.memoryFiles()[0], 4096); err != nil {
				t.Fatal(err)
			}
		}, errStale},
		{"memory missing", func(t *testing.T, to *Template) {
			if err := os.Remove(to.memoryFiles()[0]); err != nil {
				t.Fatal(err)
			}
		}, errStale},
		{"state missing", func(t *testing.T, to *Template) {
			if err := os.Remove(to.path(stateFile)); err != nil {
				t.Fatal(err)
			}
		}, errStale},
		{"manifest cut", func(t *testing.T, to *Template) {
			if err := os.Truncate(to.path(manifestFile), 20); err != nil {
				t.Fatal(err)
			}
		}, errStale},
		{"manifest without memory", func(t *testing.T, to *Template) {
			m, err := to.manifest(identity{})
			if err != nil {
				t.Fatal(err)
			}
			m.Memory = nil
			writeManifest(t, to, m)
		}, errStale},
		{"manifest missing", func(t *testing.T, to *Template) {
			if err := os.Remove(to.path(manifestFile)); err != nil {
				t.Fatal(err)
			}
		}, fs.ErrNotExist},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, to := copyTemplate(t)
			test.harm(t, to)
			if err := to.verify(); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestPruneRemovesWhatNobodyCanUse(t *testing.T) {
	tests := []struct {
		name  string
		keep  int
		harm  func(t *testing.T, to *Template)
		stays bool
	}{
		{"of this boot", 1, func(*testing.T, *Template) {}, true},
		{"of an earlier boot", 1, func(t *testing.T, to *Template) {
			m, err := to.manifest(identity{HostBoot: "earlier"})
			if err != nil {
				t.Fatal(err)
			}
			writeManifest(t, to, m)
		}, false},
		{"of a crash", 1, func(t *testing.T, to *Template) {
			if err := os.Rename(to.dir, to.dir+makingSuffix); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"beyond those to keep", 0, func(t *testing.T, to *Template) {
			// A newer one takes the only place.
			for i := range 16 {
				name := filepath.Join(filepath.Dir(to.dir),
					strings.Repeat(string(rune('a'+i)), 8)) + lockSuffix
				if err := os.WriteFile(name, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(to.dir+lockSuffix, old, old); err != nil {
				t.Fatal(err)
			}
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ts, to := copyTemplate(t)
			ts.Keep = test.keep
			test.harm(t, to)
			if err := ts.prune(); err != nil {
				t.Fatal(err)
			}
			if exists(to.dir) != test.stays || exists(to.dir+makingSuffix) {
				t.Errorf("left: %q", tree(t, ts.Cache))
			}
		})
	}
	t.Run("in use", func(t *testing.T) {
		ts, to := copyTemplate(t)
		lock, err := flock.Wait(t.Context(), to.dir+lockSuffix, flock.Shared)
		if err != nil {
			t.Fatal(err)
		}
		writeManifest(t, to, manifest{})
		if err := ts.prune(); err != nil {
			t.Fatal(err)
		}
		if !exists(to.dir) {
			t.Error("a template in use is gone")
		}
		lock.Unlock()
	})
}

func TestTemplateOfAGuestThatFails(t *testing.T) {
	c := testConfig(t)
	c.KernelArgs = []string{"faultguest.boot=panic"}
	ts := Templates{Cache: t.TempDir()}
	_, err := ts.Get(t.Context(), c)
	var ended *Ended
	if !errors.As(err, &ended) || ended.Cause != Panic {
		t.Errorf("got %v", err)
	}
	for _, file := range tree(t, ts.Cache) {
		if !strings.HasSuffix(file, lockSuffix) {
			t.Errorf("%s is left", file)
		}
	}
}

// TestMachineThatCannotBeCloned boots instead, and says so. QEMU does not save
// an NVMe controller.
func TestMachineThatCannotBeCloned(t *testing.T) {
	c := testConfig(t)
	c.Arch.Exit.Device = "nvme,serial=x"
	var log strings.Builder
	ts := Templates{Cache: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil))}
	source, err := ts.Source(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if !strings.Contains(log.String(), "every VM is booted") {
		t.Errorf("nobody is told: %q", log.String())
	}
	vm, err := source.Start(t.Context(), Options{Order: []byte("none")})
	if err != nil {
		t.Fatal(err)
	}
	// Without its exit device the guest powers off, which is an orderly end too.
	if r := finish(t, vm); r.end.Cause != Clean {
		r.report(t)
	}
}
