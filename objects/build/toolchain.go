// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// clangMajor pins the version of clang that makes the objects. Another one makes other code from
// the same source.
const clangMajor = "19"

// flags holds the flags of every build. -mcpu=v2 is what kernel 5.10 takes without question.
// Neither paths nor headers of the machine get in.
var flags = []string{
	"-O2", "-g", "-mcpu=v2", "-nostdinc", "-Iinclude", "-fdebug-compilation-dir=.",
	"-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-unused-const-variable",
}

// errToolchain reports that clang of the pinned version is missing.
var errToolchain = errors.New("needs clang-" + clangMajor + " and llvm-strip-" + clangMajor +
	": make setup installs them (Debian packages clang-" + clangMajor + " and llvm-" + clangMajor + ")")

// toolchain names the programs that make objects.
type toolchain struct {
	clang, strip string // paths
	version      string // of clang, such as "19.1.7"
}

var versionOf = regexp.MustCompile(`clang version (([0-9]+)\.[0-9]+\.[0-9]+)`)

// findToolchain looks for the pinned compiler under its Debian name, then under a plain one. The
// error wraps [errToolchain].
func findToolchain(ctx context.Context) (toolchain, error) {
	var seen []error
	for _, suffix := range []string{"-" + clangMajor, ""} {
		t, err := toolchainAt(ctx, "clang"+suffix, "llvm-strip"+suffix)
		if err == nil {
			return t, nil
		}
		seen = append(seen, err)
	}
	return toolchain{}, fmt.Errorf("%w\n%w", errToolchain, errors.Join(seen...))
}

func toolchainAt(ctx context.Context, clang, strip string) (t toolchain, err error) {
	if t.clang, err = exec.LookPath(clang); err != nil {
		return toolchain{}, err
	}
	if t.strip, err = exec.LookPath(strip); err != nil {
		return toolchain{}, err
	}
	out, err := exec.CommandContext(ctx, t.clang, "--version").Output()
	if err != nil {
		return toolchain{}, fmt.Errorf("%s --version: %w", t.clang, err)
	}
	version := versionOf.FindStringSubmatch(string(out))
	if version == nil || version[2] != clangMajor {
		first, _, _ := strings.Cut(string(out), "\n")
		return toolchain{}, fmt.Errorf("%s is %q", t.clang, first)
	}
	t.version = version[1]
	return t, nil
}

// compile makes one object, and returns the rule for make that says which files it was made of.
func (t toolchain) compile(ctx context.Context, dir string, b build, output string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return "", fmt.Errorf("compile %s: %w", b.source, err)
	}
	rule := output + ".d"
	args := append([]string{"-target", b.target, "-c", "-o", output, "-MD", "-MF", rule, b.source}, flags...)
	if err := t.run(ctx, dir, t.clang, append(args, b.flags...)...); err != nil {
		return "", fmt.Errorf("compile %s: %w", b.source, err)
	}
	text, err := os.ReadFile(rule)
	if err != nil {
		return "", fmt.Errorf("compile %s: %w", b.source, err)
	}
	return string(text), nil
}

// stripBatch bounds the length of a command line, in objects.
const stripBatch = 200

// stripDebug removes from objects the debug information that only debuggers read.
func (t toolchain) stripDebug(ctx context.Context, objects []string) error {
	for batch := range slices.Chunk(objects, stripBatch) {
		if err := t.run(ctx, ".", t.strip, append([]string{"-g"}, batch...)...); err != nil {
			return fmt.Errorf("strip objects: %w", err)
		}
	}
	return nil
}

func (t toolchain) run(ctx context.Context, dir, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir = dir
	// Clang takes the name of its folder from PWD.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PWD=.", "LC_ALL=C"}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

const versionPrefix = "clang "

// otherVersion returns a line that names both releases where another release of the pinned compiler
// made the committed objects.
func (t toolchain) otherVersion(dir string) string {
	sum, err := os.ReadFile(filepath.Join(dir, sumName))
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(sum), "\n")
	if was := strings.TrimPrefix(first, versionPrefix); was != t.version {
		return fmt.Sprintf("\nthey were made by clang %s, and this is %s", was, t.version)
	}
	return ""
}
