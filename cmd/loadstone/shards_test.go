// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/verdict"
)

var shardSpecs = run.Catalogue{{ID: "s.1", Suite: "s"}, {ID: "s.2", Suite: "s"}, {ID: "s.3", Suite: "s"}}

func TestShardFiles(t *testing.T) {
	dir := t.TempDir()
	files, err := writeShards(dir, shardSpecs, nil, 2)
	if err != nil || len(files) != 2 {
		t.Fatalf("%q, %v", files, err)
	}
	var all []record.Spec
	for i, file := range files {
		chosen, shard, err := readShard(file, shardSpecs)
		if err != nil || shard.Number != i+1 || shard.Of != 2 || shard.Specs != 3 {
			t.Fatalf("%s: %+v, %v", file, shard, err)
		}
		all = append(all, chosen...)
	}
	if len(all) != 3 {
		t.Errorf("the shards have %v", all)
	}
	if _, err := writeShards(dir, shardSpecs, nil, 2); exitCode(err) != verdict.ExitUsage {
		t.Errorf("over another plan: %v", err)
	}
	if _, _, err := readShard(files[0], shardSpecs[2:]); exitCode(err) != verdict.ExitUsage {
		t.Errorf("of another catalogue: %v", err)
	}
	if err := os.WriteFile(files[0], []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readShard(files[0], shardSpecs); exitCode(err) != verdict.ExitUsage {
		t.Errorf("no list: %v", err)
	}
}

// The script of an array job is one for sh, and says what each task runs.
func TestSlurmScript(t *testing.T) {
	dir := t.TempDir()
	cmd := newPlanCommand()
	var script bytes.Buffer
	cmd.SetOut(&script)
	out := filepath.Join(dir, "a folder")
	if err := printShards(cmd, "slurm", out, []string{"1", "2"}, []string{"--kernel", "6.12", "--loader", "all; rm"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(script.String(), "#SBATCH --array=1-2\n") {
		t.Error(script.String())
	}
	fake := "#!/bin/sh\nprintf '%s|' \"$@\" >> " + dir + "/said\nexit $CODE\n"
	if err := os.WriteFile(filepath.Join(dir, "loadstone"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	for code, want := range map[int]bool{0: true, 1: true, 3: false} {
		sh := exec.CommandContext(t.Context(), "sh")
		sh.Stdin = bytes.NewReader(script.Bytes())
		sh.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "SLURM_ARRAY_TASK_ID=2", fmt.Sprint("CODE=", code))
		if err := sh.Run(); (err == nil) != want {
			t.Errorf("a task whose run ends with %d: %v", code, err)
		}
	}
	said, err := os.ReadFile(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	once := "run|--shard|" + out + "/shard-2.json|--out|" + out + "/run-2|--kernel|6.12|--loader|all; rm|"
	if diff := cmp.Diff(strings.Repeat(once, 3), string(said)); diff != "" {
		t.Error(diff)
	}
	var matrix bytes.Buffer
	cmd.SetOut(&matrix)
	if err := printShards(cmd, "github", out, []string{"d/shard-1.json"}, nil); err != nil ||
		matrix.String() != `{"include":[{"shard":1,"file":"d/shard-1.json"}]}`+"\n" {
		t.Errorf("%v: %s", err, matrix.String())
	}
}

func TestPlanAndMergeRefuse(t *testing.T) {
	own := writeRun(t, verdict.Pass)
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"plan"}, "want at least 1"},
		{[]string{"plan", "--shards", "2", "--format", "x"}, "there are files, github, slurm"},
		{[]string{"merge", own}, "is of no shard"},
		{[]string{"merge", "missing"}, "missing"},
	} {
		if out, code := command(t, tt.args...); code != verdict.ExitUsage || !strings.Contains(out, tt.says) {
			t.Errorf("%q: exit %d, want 2 with %q: %s", tt.args, code, tt.says, out)
		}
	}
}
