// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loader/check"
	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// documented writes the example of a driver in Python of the document for authors of drivers, and
// returns its loader.
func documented(t *testing.T) drivers.Choice {
	t.Helper()
	text, err := os.ReadFile("../../docs/loader-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(text), "**In Python**")
	dir := t.TempDir()
	for name, fence := range map[string]string{"loader.yaml": "```yaml\n", "driver.py": "```python\n"} {
		_, file, _ := strings.Cut(recipe, fence)
		file, _, found := strings.Cut(file, "```")
		if !found {
			t.Fatalf("no %s in the document", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(file), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	found, err := findLoader(filepath.Join(dir, "loader.yaml"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return found[0]
}

// sharedLists returns a cache that shares what was fetched with the user's own.
func sharedLists(t *testing.T) string {
	t.Helper()
	shared, err := kernel.DefaultCache()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"apt", "debs"} {
		if err := os.MkdirAll(filepath.Join(shared, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(shared, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The driver of the document, in a root of the packages that it names, has the conversation of
// 'loadstone loaders check' and loads an object, whose maps are in the kernel then.
func TestDocumentedPythonDriver(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("a driver's root takes root to make: run make test as root")
	}
	choice := documented(t)
	b, err := bundle.Build(t.Context(), bundle.Options{
		Manifest: choice.Manifest, Cache: sharedLists(t), Notice: func(s string) { t.Log(s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if b.Components["libpython3.11-stdlib"] == "" {
		t.Errorf("python3 came without its library: %v", b.Components)
	}
	root, work := t.TempDir(), t.TempDir()
	object, err := os.ReadFile("../../objects/mapdefs/el/counter.o")
	if err == nil {
		err = os.WriteFile(filepath.Join(work, "counter.o"), object, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	var held []string
	limits := run.OnThisHost(record.DefaultLimits, nil)
	var report *check.Report
	err = withOwnMounts(func() error {
		inside, err := b.Enter(root, bundle.Dir{Host: work, Inside: workInside})
		if err != nil {
			return err
		}
		report = check.Check(t.Context(), check.Driver{
			Name: choice.Name, Work: work, Object: workInside + "/counter.o", Load: true,
			Dirs: loader.Dirs{Work: workInside, BPFFS: workInside},
			Start: func(
				ctx context.Context, trace func(loader.Exchange),
			) (loader.Loader, error) {
				return loader.Start(ctx, inside.Command(ctx), loader.Options{
					Deadline: limits.Request,
					Trace: func(x loader.Exchange) {
						trace(x)
						held = append(held, mapsOf(t, x)...)
					},
				})
			},
		})
		return inside.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Err(); err != nil {
		t.Error(err)
		for _, x := range report.Exchanges {
			t.Logf("> %s\n< %s\n%s", x.Request, x.Reply, x.Stderr)
		}
	}
	if !slices.Equal(held, []string{"counts"}) {
		t.Errorf("in the kernel there were %q", held)
	}
}

// mapsOf returns the kernel's names of the maps that a reply has ids of, while the driver holds
// them.
func mapsOf(t *testing.T, x loader.Exchange) (names []string) {
	t.Helper()
	var reply struct {
		OK struct{ Maps []loader.MapView }
	}
	if err := json.Unmarshal(x.Reply, &reply); err != nil {
		t.Error(err)
	}
	for _, view := range reply.OK.Maps {
		if view.ID == 0 {
			continue
		}
		m, err := ebpf.NewMapFromID(ebpf.MapID(view.ID))
		if err != nil {
			t.Errorf("map %d of the reply: %v", view.ID, err)
			continue
		}
		info, err := m.Info()
		if err != nil {
			t.Error(err)
		} else {
			names = append(names, info.Name)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	return names
}
