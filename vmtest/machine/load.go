// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// CPUTime says what the threads of a process got of the cores, all together.
type CPUTime struct {
	Ran    time.Duration // on a core
	Waited time.Duration // ready to run, for a core that others had
}

func (c CPUTime) add(d CPUTime) CPUTime { return CPUTime{c.Ran + d.Ran, c.Waited + d.Waited} }
func (c CPUTime) sub(d CPUTime) CPUTime { return CPUTime{c.Ran - d.Ran, c.Waited - d.Waited} }

// Load says how busy the host was while a guest ran.
type Load struct {
	// CPU is what QEMU got; zero where the host does not tell.
	CPU CPUTime
	// tasks is the sum of some looks at the host: its runnable tasks per core.
	tasks float64
	looks int
}

// Since returns the load after an earlier look at the same guest.
func (l Load) Since(earlier Load) Load {
	return Load{l.CPU.sub(earlier.CPU), l.tasks - earlier.tasks, l.looks - earlier.looks}
}

// Tasks returns how many tasks could run per core of the host, QEMU's own among them; 0 where that
// is unknown.
func (l Load) Tasks() float64 {
	if l.looks == 0 {
		return 0
	}
	return l.tasks / float64(l.looks)
}

// Stretch returns how many times as long the guest took for what it did, because others had the
// cores that it wanted: 1 on an idle host. Where the host does not tell what a process waits for,
// it is what the number of tasks would come to. It returns 0 where nothing is known.
func (l Load) Stretch() float64 {
	if l.CPU.Ran > 0 {
		return 1 + float64(l.CPU.Waited)/float64(l.CPU.Ran)
	}
	if l.looks == 0 {
		return 0
	}
	return max(1, l.Tasks())
}

// String returns the load in words.
func (l Load) String() string {
	if l == (Load{}) {
		return "host's load unknown"
	}
	return fmt.Sprintf("host's load: %.1f runnable tasks per core, QEMU slowed %.1f times",
		l.Tasks(), l.Stretch())
}

// HostLoad returns the runnable tasks per core of the host at this moment.
func HostLoad() (float64, error) {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, fmt.Errorf("host's load: %w", err)
	}
	return tasksPerCore(string(b), runtime.NumCPU())
}

// tasksPerCore reads /proc/loadavg, such as "0.20 0.18 0.12 1/80 11206" (proc(5)): the fourth field
// begins with the number of runnable tasks. The reader is one of them, and not counted.
func tasksPerCore(loadavg string, cores int) (float64, error) {
	fields := strings.Fields(loadavg)
	if len(fields) != 5 {
		return 0, fmt.Errorf("host's load: %q has %d fields, want 5", loadavg, len(fields))
	}
	runnable, _, _ := strings.Cut(fields[3], "/")
	n, err := strconv.ParseUint(runnable, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("host's load: %w", err)
	}
	return float64(max(n, 1)-1) / float64(cores), nil
}

// errNoCPUTime reports a kernel that does not count what threads wait for.
var errNoCPUTime = errors.New("this kernel keeps no schedstat")

// threads reads what the threads of a process got, from /proc/PID/task/TID/schedstat: nanoseconds
// on a core, nanoseconds on a run queue, and slices (Documentation/scheduler/sched-stats.rst).
type threads struct {
	dir  string             // /proc/PID/task
	each map[string]CPUTime // as last seen, by thread
	gone CPUTime            // of threads that have ended
}

func newThreads(pid int) *threads {
	return &threads{dir: fmt.Sprintf("/proc/%d/task", pid), each: make(map[string]CPUTime)}
}

// read returns what all threads got so far. What a thread got between the last look and its end is
// lost. Errors wrap [fs.ErrNotExist] where the process has ended.
func (t *threads) read() (CPUTime, error) {
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return CPUTime{}, err
	}
	now := make(map[string]CPUTime, len(entries))
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(t.dir, e.Name(), "schedstat"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended, or no thread has the file
		}
		if err != nil {
			return CPUTime{}, err
		}
		if now[e.Name()], err = parseSchedstat(string(b)); err != nil {
			return CPUTime{}, err
		}
	}
	if len(now) == 0 && len(entries) > 0 {
		return CPUTime{}, errNoCPUTime
	}
	sum := CPUTime{}
	for tid, was := range t.each {
		if is, alive := now[tid]; !alive || is.Ran < was.Ran { // or another thread of its number
			t.gone = t.gone.add(was)
		}
	}
	t.each = now
	for _, c := range now {
		sum = sum.add(c)
	}
	return sum.add(t.gone), nil
}

func parseSchedstat(text string) (CPUTime, error) {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return CPUTime{}, fmt.Errorf("schedstat: %q has %d fields, want 3", text, len(fields))
	}
	ran, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return CPUTime{}, fmt.Errorf("schedstat: %w", err)
	}
	waited, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return CPUTime{}, fmt.Errorf("schedstat: %w", err)
	}
	return CPUTime{Ran: time.Duration(ran), Waited: time.Duration(waited)}, nil
}
