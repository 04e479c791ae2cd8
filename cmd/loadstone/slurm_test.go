// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A worker of a cluster dies in the middle of its shard, with all that ran on it. Slurm itself sees
// that, queues the task again, and the other worker goes on with the run: the runs of all shards
// are one, with nothing lost and nothing counted twice.
func TestShardsOnSlurm(t *testing.T) {
	c := startSlurm(t)
	loadstone := installed(t)
	shards := filepath.Join(t.TempDir(), "shards")
	asked := []string{"--kernel", "6.12", "--loader", "reference"}
	plan := exec.CommandContext(t.Context(), loadstone, append(
		[]string{"plan", "--suite", "numa", "--shards", "2", "--out", shards, "--format", "slurm", "--"}, asked...)...)
	plan.Env, plan.Stderr = append(os.Environ(), asLoadstone+"=1"), os.Stderr
	script, err := plan.Output()
	if err != nil {
		t.Fatal(err)
	}
	submit := c.command(t, "sbatch", "--parsable", "--output="+filepath.Join(c.dir, "task-%a.out"))
	submit.Stdin = bytes.NewReader(script)
	submit.Env = append(submit.Env, asLoadstone+"=1", "PATH="+filepath.Dir(loadstone)+":"+os.Getenv("PATH"))
	out, err := submit.CombinedOutput()
	if err != nil {
		t.Fatalf("sbatch: %v\n%s", err, out)
	}
	job := strings.TrimSpace(string(out))

	first := filepath.Join(shards, "run-1", runFile)
	c.await(t, "the first shard to have some verdicts", func() bool {
		data, err := os.ReadFile(first)
		return err == nil && bytes.Count(data, []byte("\n{\"type\":\"verdict\"")) >= 3
	})
	died := strings.TrimSpace(c.ask(t, "squeue", "--noheader", "--format=%N", "--job", job+"_1"))
	c.kill(t, died)
	before := verdictsIn(t, first)
	c.await(t, "Slurm to queue the task of the dead worker again", func() bool {
		return strings.HasPrefix(c.ask(t, "squeue", "--noheader", "--format=%t", "--job", job+"_1"), "PD")
	})
	// Slurm waits two minutes before it starts a task that it queued again.
	c.ask(t, "scontrol", "update", "JobId="+job+"_1", "StartTime=now")
	c.await(t, "both tasks to end", func() bool {
		return c.ask(t, "squeue", "--noheader", "--job", job) == ""
	})

	for i := 1; i <= 2; i++ {
		task, err := os.ReadFile(filepath.Join(c.dir, fmt.Sprintf("task-%d.out", i)))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("task %d: %s", i, task)
	}
	merged := filepath.Join(t.TempDir(), "merged")
	said, code := command(t, "merge", filepath.Join(shards, "run-1"), filepath.Join(shards, "run-2"), "--out", merged)
	if code != verdict.ExitClean {
		t.Fatalf("merge ended with %d: %s", code, said)
	}
	want := idsIn(t, filepath.Join(shards, "shard-1.json"), filepath.Join(shards, "shard-2.json"))
	got := verdictsIn(t, filepath.Join(merged, runFile))
	if ids := slices.Sorted(slices.Values(got)); !slices.Equal(ids, want) {
		t.Errorf("%d verdicts, want one for each of %d specs: %q", len(ids), len(want), ids)
	}
	whole := verdictsIn(t, first)
	if !slices.Equal(whole[:len(before)], before) || len(whole) == len(before) {
		t.Errorf("the shard of the dead worker had %q and has %q: want it to go on where it was", before, whole)
	}
}

// idsIn returns the specs of lists, sorted.
func idsIn(t *testing.T, lists ...string) []string {
	t.Helper()
	var ids []string
	for _, name := range lists {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var list shardFile
		if err := json.Unmarshal(data, &list); err != nil || len(list.IDs) == 0 {
			t.Fatalf("%s: %v: %s", name, err, data)
		}
		ids = append(ids, list.IDs...)
	}
	slices.Sort(ids)
	return ids
}

// verdictsIn returns the specs of the verdicts in a run, as they were written.
func verdictsIn(t *testing.T, path string) []string {
	t.Helper()
	f, err := verdict.ReadFile(path)
	if err != nil && f == nil {
		t.Fatal(err)
	}
	var ids []string
	for _, v := range f.Verdicts {
		ids = append(ids, v.Spec)
	}
	return ids
}

// A slurm is a controller and two workers on loopback, with keys and folders of their own.
type slurm struct {
	dir     string
	workers map[string]*exec.Cmd
}

// slurmConfig takes a folder, a host, and a port each for the controller and the workers.
const slurmConfig = `ClusterName=loadstone
SlurmctldHost=%[2]s(127.0.0.1)
SlurmctldPort=%[3]d
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=%[1]s/munge.sock
CredType=cred/munge
StateSaveLocation=%[1]s/state
SlurmdSpoolDir=%[1]s/%%n
SlurmctldPidFile=%[1]s/slurmctld.pid
SlurmdPidFile=%[1]s/%%n.pid
SlurmctldLogFile=%[1]s/slurmctld.log
SlurmdLogFile=%[1]s/%%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdTimeout=9
ReturnToService=2
NodeName=w1 NodeHostname=%[2]s NodeAddr=127.0.0.1 Port=%[4]d CPUs=1 State=UNKNOWN
NodeName=w2 NodeHostname=%[2]s NodeAddr=127.0.0.1 Port=%[5]d CPUs=1 State=UNKNOWN
PartitionName=main Nodes=w1,w2 Default=YES MaxTime=INFINITE State=UP
`

// startSlurm starts a cluster, which ends with the test.
func startSlurm(t *testing.T) *slurm {
	t.Helper()
	for _, program := range []string{"munged", "slurmctld", "slurmd", "sbatch"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("no cluster here: %v; run make setup", err)
		}
	}
	if os.Geteuid() != 0 {
		t.Fatal("a cluster takes root; run make test as root")
	}
	c := &slurm{dir: t.TempDir(), workers: make(map[string]*exec.Cmd)}
	key := make([]byte, 1024)
	rand.Read(key)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	ports := freePorts(t, 3)
	text := fmt.Sprintf(slurmConfig, c.dir, host, ports[0], ports[1], ports[2])
	err = errors.Join(os.WriteFile(c.path("munge.key"), key, 0o400), os.WriteFile(c.path("slurm.conf"), []byte(text), 0o644),
		os.Mkdir(c.path("state"), 0o755))
	if err != nil {
		t.Fatal(err)
	}
	return c.start(t)
}

// freePorts returns ports on loopback that nothing listens on.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func (c *slurm) path(name string) string { return filepath.Join(c.dir, name) }

// start starts the programs of a cluster that is written down, and waits for its workers.
func (c *slurm) start(t *testing.T) *slurm {
	t.Helper()
	c.daemon(t, "munged", "--foreground", "--force", "--socket="+c.path("munge.sock"), "--key-file="+c.path("munge.key"),
		"--pid-file="+c.path("munge.pid"), "--log-file="+c.path("munge.log"), "--seed-file="+c.path("munge.seed"))
	c.await(t, "munged", func() bool {
		_, err := os.Stat(c.path("munge.sock"))
		return err == nil
	})
	c.daemon(t, "slurmctld", "-D")
	for _, name := range []string{"w1", "w2"} {
		c.workers[name] = c.daemon(t, "slurmd", "-D", "-N", name)
	}
	c.await(t, "two idle workers", func() bool {
		out, err := c.command(t, "sinfo", "--noheader", "--Node", "--format=%t").Output()
		return err == nil && string(out) == "idle\nidle\n"
	})
	return c
}

// daemon starts a program of the cluster, which is killed at the end of the test with all that it
// started.
func (c *slurm) daemon(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := c.command(t, program, args...)
	log, err := os.Create(c.path(fmt.Sprintf("%s-%d.out", program, len(c.workers))))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		killAll(t, descendants(t, cmd.Process.Pid))
		if err := cmd.Wait(); cmd.ProcessState == nil {
			t.Errorf("%s: %v", program, err)
		}
		if text, err := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s: %s %v", log.Name(), text, err)
		}
	})
	return cmd
}

// kill kills a worker as if its machine had died: with every process of its task.
func (c *slurm) kill(t *testing.T, worker string) {
	t.Helper()
	cmd := c.workers[worker]
	if cmd == nil {
		t.Fatalf("no worker %q", worker)
	}
	pids := descendants(t, cmd.Process.Pid)
	// A task's own supervisor is no child of the worker's: it is what runs the script in its spool.
	scripts, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scripts {
		line, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(line, []byte(c.path(worker)+"/job")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(append(pids, parent(t, pid)), descendants(t, pid)...)
	}
	if len(pids) < 3 {
		t.Fatalf("of worker %s there are only the processes %v", worker, pids)
	}
	killAll(t, pids)
}

// parent returns the parent of a process.
func parent(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	ppid, err := strconv.Atoi(strings.Fields(rest)[1])
	if err != nil {
		t.Fatal(err)
	}
	return ppid
}

// descendants returns a process and all that it and its children started and still are its own.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	pids := []int{pid}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		for _, word := range strings.Fields(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, descendants(t, child)...)
		}
	}
	return pids
}

// killAll kills processes; those that ended meanwhile are as good as killed.
func killAll(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Errorf("kill %d: %v", pid, err)
		}
	}
}

// command returns a command of Slurm's for this cluster.
func (c *slurm) command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+c.path("slurm.conf"))
	return cmd
}

// ask runs a command of Slurm's and returns what it prints.
func (c *slurm) ask(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := c.command(t, program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// await waits until something holds.
func (c *slurm) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	const longest = 5 * time.Minute
	for since := time.Now(); !holds(); time.Sleep(500 * time.Millisecond) {
		if time.Since(since) > longest {
			t.Fatalf("waited %v for %s", longest, what)
		}
	}
}
