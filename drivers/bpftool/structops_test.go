// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/objects"
)

func TestWhatIsRunForStructures(t *testing.T) {
	for op, tt := range map[loader.Op]struct {
		values command.Values
		want   string
	}{
		loader.OpLoad: {command.Values{"object": {"o"}, "links": {"/l"}},
			"struct_ops register o /l"},
		loader.OpDetach: {command.Values{"id": {"7"}}, "struct_ops unregister id 7"},
		loader.OpPin:    {command.Values{"id": {"7"}, "path": {"/p"}}, "link pin id 7 /p"},
		loader.OpQuery:  {nil, "-j struct_ops show"},
	} {
		argv, err := structOps.Command(op, tt.values)
		if got := strings.Join(argv, " "); got != bpftool+" "+tt.want || err != nil {
			t.Errorf("%s: %s, %v", op, got, err)
		}
	}
}

func TestFolderForLinksIsGivenFrom7_2On(t *testing.T) {
	for version, want := range map[string]bool{
		"5.10.0": false, "7.1.0": false, "7.2.0": true, "7.8.0": true, "8.0.0": true, "x": false,
	} {
		if got := pinsLinks(version); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}

func TestStructuresOfAnObject(t *testing.T) {
	for name, tt := range map[string]struct {
		object objects.Object
		want   []string
	}{
		"by a link":          {objects.StructOps.TCP, []string{"ca"}},
		"by its map":         {objects.StructOps.TCPByMap, []string{"ca"}},
		"two":                {objects.StructOps.TwoMixed, []string{"first", "second"}},
		"optional":           {objects.StructOps.TCPOptional, nil},
		"of no such section": {objects.MapDefs.Plain, nil},
	} {
		path := filepath.Join(t.TempDir(), "o.bpf.o")
		if err := os.WriteFile(path, tt.object.ELF(), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := command.ReadObject(path)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(o.Structures)
		if diff := cmp.Diff(tt.want, o.Structures); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestAnswerToAQuery(t *testing.T) {
	const shown = `[{"id":12,"name":"ca","kernel_struct_ops":"tcp_congestion_ops"}]`
	for output, want := range map[string][]any{
		"": {}, "[]": {},
		shown: {map[string]any{"id": uint32(12), "name": "ca", "type": "tcp_congestion_ops"}},
	} {
		reply, err := answerOf(output)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&loader.OK{Answer: any(want)}, reply); diff != "" {
			t.Errorf("%q: -want +got\n%s", output, diff)
		}
	}
	if reply, err := answerOf("Error: no BTF"); err == nil {
		t.Errorf("%+v", reply)
	}
}
