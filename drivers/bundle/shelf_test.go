// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/apt/apttest"
)

// words is a mirror with a package that is needed in every way that Debian has: by a dependency of
// a dependency, before unpacking, as one of several alternatives, and as a virtual package.
func words(t *testing.T) *apttest.Mirror {
	t.Helper()
	m := apttest.NewMirror(t)
	file := func(name string) map[string]string {
		return map[string]string{"usr/share/words/" + name: name}
	}
	m.Add("bookworm", "speech", "1", "Depends: grammar (>= 2), tongue | lips, voice\nPre-Depends: breath\n",
		file("speech"))
	m.Add("bookworm", "grammar", "2", "Depends: rules\n", file("grammar"))
	m.Add("bookworm", "rules", "1", "", file("rules"))
	m.Add("bookworm", "lips", "1", "", file("lips")) // there is no tongue
	m.Add("bookworm", "breath", "1", "", file("breath"))
	m.Add("bookworm", "whisper", "1", "Provides: voice\n", file("whisper"))
	m.Add("bookworm", "stranger", "1", "", file("stranger"))
	m.Publish(nil, "bookworm", "bookworm-updates", "bookworm-security")
	m.ConfigureHost(t)
	return m
}

// speaking is the manifest of a user's own driver that names one package.
func speaking(t *testing.T) *loader.Manifest {
	t.Helper()
	m := local(t, "./driver")
	m.Versions = map[string]loader.Suite{"1.0": "debian-12"}
	m.Packages = []string{"speech"}
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("\x7fno ELF, and no script"))
	return m
}

func brought(t *testing.T, b *Bundle) []string {
	t.Helper()
	var names []string
	files, err := filepath.Glob(enter(t, b).Dir + "/usr/share/words/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, filepath.Base(f))
	}
	return names
}

func TestPackagesComeWithAllThatTheyDependOn(t *testing.T) {
	words(t)
	m := speaking(t)
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\n"))
	b := build(t, Options{Manifest: m})
	want := []string{"breath", "grammar", "lips", "rules", "speech", "whisper"}
	if diff := cmp.Diff(want, brought(t, b)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(b.Components))); diff != "" {
		t.Error(diff)
	}
	m.Dependencies = loader.LinkedDependencies
	if diff := cmp.Diff([]string{"speech"}, brought(t, build(t, Options{Manifest: m}))); diff != "" {
		t.Error(diff)
	}
}

// told collects notices, and what was downloaded or unpacked.
type told struct{ notices, events []string }

// again builds a bundle and returns what was told meanwhile.
func again(t *testing.T, m *loader.Manifest, cache string) (*Bundle, told) {
	t.Helper()
	var said told
	b, err := Build(t.Context(), Options{
		Manifest: m, Cache: cache,
		Notice: func(s string) { said.notices = append(said.notices, s) },
		Progress: func(e apt.Event) {
			if len(said.events) == 0 || said.events[len(said.events)-1] != e.What {
				said.events = append(said.events, e.What)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b, said
}

// Who edits a driver waits for its packages once.
func TestEditOfADriverUnpacksNothing(t *testing.T) {
	words(t)
	m, cache := speaking(t), t.TempDir()
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\none"))
	first, said := again(t, m, cache)
	if len(said.notices) != 1 ||
		!strings.Contains(said.notices[0], "takes 6 packages of debian-12") ||
		!strings.Contains(said.notices[0], "; 6 of them are fetched, ") {
		t.Errorf("the first time, told %q", said.notices)
	}
	if len(said.events) == 0 || said.events[len(said.events)-1] != "unpacking 6 packages" {
		t.Errorf("the first time, progress was of %q", said.events)
	}
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\ntwo"))
	second, said := again(t, m, cache)
	if len(said.notices)+len(said.events) > 0 {
		t.Errorf("after an edit, told %q", said)
	}
	if second.Digest == first.Digest {
		t.Error("after an edit, it is the same bundle")
	}
	if diff := cmp.Diff(brought(t, first), brought(t, second)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first.Components, second.Components); diff != "" {
		t.Error(diff)
	}
}

// What is kept is compared with its digests, and made anew where it differs.
func TestKeptPackagesThatWereAlteredAreUnpackedAnew(t *testing.T) {
	words(t)
	m, cache := speaking(t), t.TempDir()
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\n"))
	first, _ := again(t, m, cache)
	for name, alter := range map[string]func(path string) error{
		"a byte that is another": func(path string) error { return os.WriteFile(path, []byte("rulez"), 0o644) },
		"no file":                os.Remove,
		"a note that is another": func(path string) error {
			note := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(path)))) + ".json"
			text, err := os.ReadFile(note)
			if err != nil {
				return err
			}
			return os.WriteFile(note, []byte(strings.Replace(string(text), `"owner":"rules"`,
				`"owner":"lips"`, 1)), 0o644)
		},
		"no note": func(path string) error {
			return os.Remove(filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(path)))) + ".json")
		},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := filepath.Glob(filepath.Join(cache, "bundles/sysroot-*/usr/share/words/rules"))
			if err != nil || len(found) != 1 {
				t.Fatalf("%q, %v", found, err)
			}
			check(t, alter(found[0]))
			write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\n"+name))
			b, said := again(t, m, cache)
			if len(said.events) == 0 || said.events[len(said.events)-1] != "unpacking 6 packages" {
				t.Errorf("progress was of %q", said.events)
			}
			write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\n"))
			check(t, os.Remove(filepath.Join(cache, "bundles", first.Digest+".cpio")))
			if same, _ := again(t, m, cache); same.Digest != first.Digest {
				t.Errorf("%s, and then it is another bundle than at first", b.Digest)
			}
		})
	}
}

func TestKeptPackagesThatNobodyUsesAreRemoved(t *testing.T) {
	words(t)
	m, cache := speaking(t), t.TempDir()
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\n"))
	again(t, m, cache)
	shelves := func() []string {
		found, err := filepath.Glob(filepath.Join(cache, "bundles/sysroot-*.json"))
		check(t, err)
		return found
	}
	old := shelves()
	if len(old) != 1 {
		t.Fatalf("%q is kept", old)
	}
	long := time.Now().Add(-keepUnused - time.Hour)
	check(t, os.Chtimes(old[0], long, long))
	m.Packages = append(m.Packages, "stranger")
	again(t, m, cache)
	if left := shelves(); len(left) != 1 || left[0] == old[0] {
		t.Errorf("%q is left of %q", left, old)
	}
	if _, err := os.Stat(strings.TrimSuffix(old[0], ".json")); !os.IsNotExist(err) {
		t.Errorf("its folder is there: %v", err)
	}
}

// Edits leave no more bundles behind than are looked at again.
func TestBundlesOfEarlierEditsAreRemoved(t *testing.T) {
	m, cache := local(t, "./driver"), t.TempDir()
	edit := func(text string) *Bundle {
		write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte(text))
		b, _ := again(t, m, cache)
		return b
	}
	var all []*Bundle
	long := time.Now().Add(-2 * keepEditsFor)
	for i := range keepEdits + 2 {
		all = append(all, edit(strings.Repeat("x", i+1)))
		notes, err := filepath.Glob(filepath.Join(cache, "bundles", "*.json"))
		check(t, err)
		for _, note := range notes { // as if all were made long ago, one a minute
			info, err := os.Stat(note)
			if err != nil {
				t.Fatal(err)
			}
			if info.ModTime().After(long) {
				at := long.Add(time.Duration(i-keepEdits-2) * time.Minute)
				check(t, os.Chtimes(note, at, at))
			}
		}
	}
	last := edit("the last")
	for i, b := range append(all, last) {
		_, err := os.Stat(b.Payload)
		if kept := i > len(all)-keepEdits; kept != (err == nil) {
			t.Errorf("edit %d is kept: %v, want %v", i, err == nil, kept)
		}
	}
	if again := edit(strings.Repeat("x", len(all))); again.Digest != all[len(all)-1].Digest {
		t.Error("what was kept is another bundle")
	}
}

// One that was used within the hour stays: a run may be about to open it.
func TestBundlesOfRecentEditsAreKept(t *testing.T) {
	m, cache := local(t, "./driver"), t.TempDir()
	var all []*Bundle
	for i := range keepEdits + 2 {
		write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte(strings.Repeat("x", i+1)))
		b, _ := again(t, m, cache)
		all = append(all, b)
	}
	for i, b := range all {
		if _, err := os.Stat(b.Payload); err != nil {
			t.Errorf("edit %d: %v", i, err)
		}
	}
}

// What is wrong with the driver's own file is said before its packages are fetched.
func TestFaultOfADriverCostsNoUnpacking(t *testing.T) {
	words(t)
	m := speaking(t)
	write(t, filepath.Join(m.Dir, "driver"), 0o755, []byte("#!/usr/share/words/speech\r\n"))
	var noticed []string
	_, err := Build(t.Context(), Options{
		Manifest: m, Cache: t.TempDir(), Notice: func(s string) { noticed = append(noticed, s) },
	})
	if !errors.Is(err, ErrNoStart) || len(noticed) > 0 {
		t.Errorf("%v, and before it was told %q", err, noticed)
	}
}
