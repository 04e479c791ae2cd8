// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loadstone-bpf/loadstone/record"
)

// recorded returns a bundle of testdata, which a run of libbpf 1.7 on Linux 6.12 made, and the
// steps of its conversation.
func recorded(t *testing.T, spec string) (*Bundle, []record.Step) {
	t.Helper()
	b, err := ReadFile(filepath.Join("testdata", spec+"-libbpf@1.7-6.12"+Suffix))
	if err != nil {
		t.Fatal(err)
	}
	exchanges, err := b.Conversation()
	if err != nil {
		t.Fatal(err)
	}
	var steps []record.Step
	for _, x := range exchanges {
		steps = append(steps, record.Step{Conversation: x.Conversation, Request: x.Request, Reply: x.Reply, Fault: x.Fault})
	}
	return b, steps
}

// compiledProgram writes the files of a bundle into a folder, with the program that its
// conversation comes to, compiles that there and returns the folder.
func compiledProgram(t *testing.T, b *Bundle, steps []record.Step) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range b.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := reproducer(b.Manifest, steps)
	if program == nil {
		t.Fatal("no program")
	}
	if err := os.WriteFile(filepath.Join(dir, reproducerFile), program, 0o600); err != nil {
		t.Fatal(err)
	}
	cc := exec.Command("cc", "-Wall", "-Wextra", "-Werror", reproducerFile, "-lbpf", "-o", "reproducer")
	cc.Dir = dir
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, program)
	}
	return dir
}

func TestProgramsCompile(t *testing.T) {
	bundles, err := filepath.Glob("testdata/*" + Suffix)
	if err != nil || len(bundles) < 3 {
		t.Fatalf("%q, %v", bundles, err)
	}
	for _, path := range bundles {
		spec := strings.TrimSuffix(filepath.Base(path), "-libbpf@1.7-6.12"+Suffix)
		t.Run(spec, func(t *testing.T) {
			b, steps := recorded(t, spec)
			compiledProgram(t, b, steps)
		})
	}
}

// A fault of libbpf's linker is seen without loadstone and without a kernel's help: every libbpf up
// to 1.7 links the two objects.
func TestAProgramShowsTheFault(t *testing.T) {
	b, steps := recorded(t, "linking.conflict.map-refused_extra")
	linked := steps[:0]
	for _, s := range steps { // what loads is left to a guest
		if strings.Contains(string(s.Request), `"op":"link"`) || strings.Contains(string(s.Request), `"op":"hello"`) {
			linked = append(linked, s)
		}
	}
	run := func(steps []record.Step) (string, int) {
		dir := compiledProgram(t, b, steps)
		program := exec.Command("./reproducer")
		program.Dir = dir
		out, err := program.CombinedOutput()
		if program.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), program.ProcessState.ExitCode()
	}
	if out, code := run(linked); code != 1 || !strings.Contains(out, "all as recorded") || strings.Count(out, "link l") != 2 {
		t.Errorf("exit %d: %s", code, out)
	}
	last := &linked[len(linked)-1]
	last.Reply = json.RawMessage(`{"seq":9,"rejected":{"stage":"link","class":"invalid","errno":22}}`)
	if out, code := run(linked); code != 0 || !strings.Contains(out, "<- not as recorded") {
		t.Errorf("had it been refused: exit %d: %s", code, out)
	}
}

func TestWhatCannotBeToldIsSaid(t *testing.T) {
	b, _ := recorded(t, "linking.conflict.map-refused_extra")
	step := func(request string) record.Step {
		return record.Step{Request: json.RawMessage(request), Reply: json.RawMessage(`{"seq":1,"ok":{}}`)}
	}
	open := step(`{"op":"open","session":"s1","object":"/run/work/1/i2/map.bpf.o","options":{}}`)
	for name, tt := range map[string]struct {
		request string
		want    string
	}{
		"an operation":           {`{"op":"chain_clean","ifindex":1}`, "cannot be told: chain_clean"},
		"an end of a comment":    {`{"op":"attach","session":"s1","name":"*/ int x; /*"}`, "cannot be told: attach"},
		"an attribute of bytes":  {`{"op":"set","session":"s1","target":"map","name":"m","attribute":"contents","value":"00"}`, "cannot be told: set s1 m.contents"},
		"an attribute":           {`{"op":"set","session":"s1","target":"map","name":"m","attribute":"max_entries","value":64}`, "bpf_map__set_max_entries(bpf_object__find_map_by_name(objects[0], \"m\"), 64)"},
		"a name that is C":       {`{"op":"pin","session":"s1","target":"map","name":"\"); system(\"reboot","path":"/x"}`, `"\042); system(\042reboot"`},
		"options":                {`{"op":"open","session":"s2","object":"/x.o","options":{"ignore_unknown_fields":true,"kconfig":"CONFIG_X=y\n"}}`, ".relaxed_maps = true"},
		"options without a word": {`{"op":"open","session":"s2","object":"/x.o","options":{"map_layout":"bpf_elf_map"}}`, "cannot be told: open s2"},
	} {
		t.Run(name, func(t *testing.T) {
			steps := []record.Step{open, step(tt.request)}
			program := string(reproducer(b.Manifest, steps))
			if !strings.Contains(program, tt.want) {
				t.Errorf("no %q in\n%s", tt.want, program)
			}
			compiledProgram(t, b, steps)
		})
	}
	if program := reproducer(b.Manifest, []record.Step{step(`{"op":"chain_clean"}`)}); program != nil {
		t.Errorf("a program that calls nothing:\n%s", program)
	}
	other := b.Manifest
	other.Verdict.Loader = "aya"
	if program := reproducer(other, []record.Step{open}); program != nil {
		t.Error("a program of libbpf for another loader")
	}
}
