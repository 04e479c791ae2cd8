// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
	"github.com/loadstone-bpf/loadstone/objects/linked"
)

func TestReferenceLoaderLinksWhatIsCommitted(t *testing.T) {
	for _, s := range linked.Sets {
		out := filepath.Join(t.TempDir(), "out.o")
		var inputs []string
		for _, o := range s.Objects {
			inputs = append(inputs, build("../..", o))
		}
		if err := loaderimpl.Link(out, inputs...); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, (linked.Object{Linker: linked.Reference, Set: s.Name}).ELF()) {
			t.Errorf("%s is linked otherwise: go run ./objects/linked/make", s.Name)
		}
	}
}
