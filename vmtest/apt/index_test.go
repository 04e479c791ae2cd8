// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func packagesText(names ...string) string {
	var text strings.Builder
	for i, name := range names {
		fmt.Fprintf(&text,
			"Package: %s\nVersion: %d\nArchitecture: amd64\nFilename: pool/%s.deb\nSize: %d\nSHA256: %x\nDescription: long\n more\n\n", name, i, name, i, name)
	}
	return text.String()
}

func indexOf(t testing.TB, packages string) (string, *index) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "index")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeIndex(file, strings.NewReader(packages)), file.Close()); err != nil {
		t.Fatal(err)
	}
	x, err := openIndex(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return path, x
}

func TestEveryPrefixIsFound(t *testing.T) {
	names := []string{
		"a", "aa", "ab", "b+", "b-c", "b.d", "linux-image-6.1", "linux-image-6.12", "z9",
	}
	shuffled := slices.Clone(names)
	slices.Reverse(shuffled)
	_, x := indexOf(t, packagesText(shuffled...))
	for _, prefix := range []string{
		"", "a", "aa", "aa\t", "b", "linux-", "linux-image-6.1", "linux-image-6.1\t", "z", "0",
		"zz", "c",
	} {
		var want, got []string
		for _, name := range names {
			if strings.HasPrefix(name+"\t", prefix) {
				want = append(want, name)
			}
		}
		if err := x.withPrefix(prefix,
			func(columns []string) error { got = append(got, columns[0]); return nil }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("prefix %q (-want +got):\n%s", prefix, diff)
		}
	}
}

func TestIndexOfNothing(t *testing.T) {
	_, x := indexOf(t, "")
	if err := x.withPrefix("",
		func(columns []string) error { return fmt.Errorf("found %q", columns) }); err != nil {
		t.Error(err)
	}
}

func TestIndexThatWasCutShortIsNone(t *testing.T) {
	path, _ := indexOf(t, packagesText("a", "b", "c"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for length := range whole {
		cut := filepath.Join(t.TempDir(), "cut")
		if err := os.WriteFile(cut, whole[:length], 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := openIndex(cut); !errors.Is(err, errNoIndex) {
			t.Fatalf("an index of %d of %d bytes: %v", length, len(whole), err)
		}
	}
}

func TestListsThatNoIndexIsMadeOf(t *testing.T) {
	for name, text := range map[string]string{
		"field without a name":   "Package a\n",
		"package without a hash": "Package: a\nVersion: 1\nArchitecture: all\nFilename: a.deb\nSize: 1\n",
		"tab in a field":         strings.Replace(packagesText("a"), "pool/", "pool\t", 1),
		"bad provides": strings.Replace(packagesText("a"), "Size:",
			"Provides: b (\nSize:", 1),
	} {
		if err := writeIndex(&bytes.Buffer{}, strings.NewReader(text)); err == nil {
			t.Errorf("%s: an index was made", name)
		}
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(packagesText("a", "b"), "a")
	f.Add("Package: p\nProvides: x (= 1), y\n\n", "x")
	f.Fuzz(func(t *testing.T, text, prefix string) {
		var out bytes.Buffer
		if writeIndex(&out, strings.NewReader(text)) != nil {
			return
		}
		_, lines, _ := bytes.Cut(out.Bytes(), []byte("\n"))
		x := &index{lines: lines}
		found := 0
		if err := x.withPrefix(prefix, func([]string) error { found++; return nil }); err != nil {
			t.Fatal(err)
		}
		want := 0
		for line := range bytes.Lines(lines) {
			if bytes.HasPrefix(line, []byte(prefix)) {
				want++
			}
		}
		if found != want {
			t.Errorf("found %d lines, want %d", found, want)
		}
	})
}

func TestDependencies(t *testing.T) {
	got, err := parseDependencies("a, b (>= 1.2-3) | c:any (<< 4) ,d(=5), ")
	want := [][]relation{{{name: "a"}}, {{"b", ">=", "1.2-3"}, {"c", "<<", "4"}}, {{"d", "=", "5"}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(relation{})); diff != "" || err != nil {
		t.Errorf("error %v, dependencies (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"a (>= 1", "a (1)", "a b", "| a", "(>= 1)"} {
		if got, err := parseDependencies(bad); err == nil {
			t.Errorf("%q gave %v", bad, got)
		}
	}
}

func TestRelationMeetsVersion(t *testing.T) {
	for operator, want := range map[string][3]bool{ // older, same, newer
		"<<": {true, false, false}, "<=": {true, true, false}, "=": {false, true, false},
		">=": {false, true, true}, ">>": {false, false, true}, "": {true, true, true},
	} {
		r := relation{"a", operator, "2"}
		if got := [3]bool{r.meets("1"), r.meets("2"), r.meets("3")}; got != want {
			t.Errorf("%s: %v, want %v", r, got, want)
		}
	}
}

func FuzzDependencies(f *testing.F) {
	f.Add("a, b (>= 1.2-3) | c:any (<< 4)")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseDependencies(text)
		for _, alternatives := range all {
			if err == nil && len(alternatives) == 0 {
				t.Error("a dependency without an alternative")
			}
		}
	})
}
