// SPDX-License-Identifier: Apache-2.0

package reference_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/drivers/reference"
	"github.com/loadstone-bpf/loadstone/loader"
)

const objects = "../../loaderimpl/testdata/"

func do(t *testing.T, l loader.Loader, req loader.Request) loader.Reply {
	t.Helper()
	reply, err := l.Do(context.Background(), req)
	if err != nil {
		t.Fatalf("%s: %v", req.Op(), err)
	}
	return reply
}

func TestManifest(t *testing.T) {
	f, err := os.Open("loader.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := loader.ParseManifest("loader.yaml", f); err != nil {
		t.Error(err)
	}
}

func TestOpenSaysWhatIsInAnObject(t *testing.T) {
	l := reference.New()
	got := do(t, l, loader.Open{Session: "s", Object: objects + "legacy.bpfel.o"})
	want := &loader.OK{
		Maps:     []loader.MapView{{Name: "plain"}, {Name: "without_flags"}, {Name: "longer"}, {Name: "annotated"}},
		Programs: []loader.ProgramView{{Name: "use", Section: "tc"}},
	}
	if diff := cmp.Diff(loader.Reply(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadSaysTheKernelsIDs(t *testing.T) {
	needsRoot(t)
	for _, object := range []string{"btf", "legacy"} {
		l := reference.New()
		do(t, l, loader.Open{Session: "s", Object: objects + object + ".bpfel.o"})
		ok, _ := do(t, l, loader.Load{Session: "s"}).(*loader.OK)
		if ok == nil || len(ok.Maps) == 0 || len(ok.Programs) != 1 {
			t.Fatalf("%s: %+v", object, ok)
		}
		for _, m := range ok.Maps {
			if m.ID == 0 {
				t.Errorf("%s: map %s has no id", object, m.Name)
			}
		}
		if diff := cmp.Diff(loader.Reply(&loader.OK{}), do(t, l, loader.Reset{})); diff != "" {
			t.Error(diff)
		}
	}
}

func TestMissingObjectIsNotFound(t *testing.T) {
	got := do(t, reference.New(), loader.Open{Session: "s", Object: "nothing-here.o"})
	want := &loader.Rejected{Stage: loader.AtOpen, Class: loader.NotFound, Errno: 2}
	if diff := cmp.Diff(loader.Reply(want), got, cmpopts.IgnoreFields(loader.Rejected{}, "Message")); diff != "" {
		t.Error(diff)
	}
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test loads BPF programs: run it as root, go test -exec sudo ./drivers/reference")
	}
}
