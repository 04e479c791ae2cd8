// SPDX-License-Identifier: Apache-2.0

package objfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
)

// seeds adds every object of the loader's tests and of the suites.
func seeds(f *testing.F) {
	for _, pattern := range []string{"../../testdata/*.o", "../../testdata/refused/*.o", "../../../objects/*/e[lb]/*.o"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			f.Fatalf("objects %s: %v", pattern, err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}

func FuzzELF(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data)
		if err != nil {
			if !errors.Is(err, refuse.ErrELF) && !errors.Is(err, refuse.ErrCompressed) {
				t.Fatalf("error %v", err)
			}
			return
		}
		for i := range file.Sections {
			s := &file.Sections[i]
			if _, err := file.Relocations(s); err != nil && !errors.Is(err, refuse.ErrRelocation) {
				t.Fatalf("error %v", err)
			}
			for _, y := range s.Symbols {
				if y.Value > s.Size || y.Size > s.Size-y.Value {
					t.Fatalf("symbol %+v lies outside of its section of %d bytes", y, s.Size)
				}
			}
		}
	})
}
