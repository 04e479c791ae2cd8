// SPDX-License-Identifier: Apache-2.0

package libbpf

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestObjectsAreOfTheirSources(t *testing.T) {
	sources, err := filepath.Glob("testdata/*.bpf.c")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		built := filepath.Join(t.TempDir(), "built.o")
		build(t, source, built)
		committed := strings.TrimSuffix(source, "c") + "o"
		if !same(t, built, committed) {
			t.Errorf("%s differs from its source: build it again as this test does", committed)
		}
	}
}

// build compiles and strips an object: -g is for BTF, and what it makes of DWARF is not kept.
func build(t *testing.T, source, object string) {
	t.Helper()
	clang := exec.Command("clang-19", "-target", "bpf", "-mcpu=v3", "-g", "-O2", "-Wall", "-Werror",
		"-fdebug-compilation-dir=.",
		"-I/usr/include/x86_64-linux-gnu", "-c", filepath.Base(source), "-o", object)
	clang.Dir = filepath.Dir(source)
	for _, cmd := range []*exec.Cmd{clang, exec.Command("llvm-strip-19", "-g", object)} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd.Path, err, out)
		}
	}
}

func same(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}
