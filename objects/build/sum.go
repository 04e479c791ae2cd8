// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sumName names the file that ties the objects to the sources and to the compiler.
const sumName = "objects.sum"

// writeSum writes what ties the objects in made to the sources in dir: the compiler's release and
// flags, and a digest of each file. The test of package objects reads it, so that it finds a source
// without a rebuilt object on a machine without a compiler.
func writeSum(tools toolchain, dir, made string) error {
	var sum strings.Builder
	fmt.Fprintf(&sum, "%s%s\n%s%s\n", versionPrefix, tools.version, "flags ", strings.Join(flags, " "))
	inputs, err := filepath.Glob(filepath.Join(dir, "*", "*.[ch]"))
	if err != nil {
		return fmt.Errorf("write %s: %w", sumName, err)
	}
	if err := addSums(&sum, dir, inputs); err != nil {
		return err
	}
	outputs, err := filepath.Glob(filepath.Join(made, "*", "*", "*.o"))
	if err != nil {
		return fmt.Errorf("write %s: %w", sumName, err)
	}
	if err := addSums(&sum, made, outputs); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(made, sumName), []byte(sum.String()), 0o644)
}

// addSums adds a line for each file: its digest, and its path below dir.
func addSums(sum *strings.Builder, dir string, paths []string) error {
	slices.Sort(paths)
	for _, path := range paths {
		contents, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("write %s: %w", sumName, err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("write %s: %w", sumName, err)
		}
		fmt.Fprintf(sum, "%x  %s\n", sha256.Sum256(contents), filepath.ToSlash(name))
	}
	return nil
}
