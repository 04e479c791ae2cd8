// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Patience limits a request by what it takes of whoever answers, and not by what the kernel takes
// on its behalf: to verify a program of a million instructions takes an emulated kernel minutes,
// which says nothing of a driver.
type Patience struct {
	// Limit is how long a request may take, without the time in which the kernel worked for it.
	Limit time.Duration

	// Most is how long it may take with that time. Limit if it is shorter than that.
	Most time.Duration
}

type patienceKey struct{}

// WithPatience returns a context whose requests are limited by p. Unlike that of a context with a
// deadline their limit begins with each request.
//
// The kernel works for a driver while half of the time that the host gives it, and not less, is
// time that it spends in the kernel: a driver that hangs in its own code, sleeps, or waits for
// anything else is given no more than p.Limit. A driver consists of all processes of its group.
func WithPatience(ctx context.Context, p Patience) context.Context {
	return context.WithValue(ctx, patienceKey{}, p)
}

// patienceOf returns the patience of a context, with limit where it has none or a longer one. A
// limit of 0 is none.
func patienceOf(ctx context.Context, limit time.Duration) Patience {
	p, ok := ctx.Value(patienceKey{}).(Patience)
	if !ok || p.Limit <= 0 || limit > 0 && limit < p.Limit {
		p.Limit = limit
	}
	p.Most = max(p.Most, p.Limit)
	return p
}

// errImpatient is the cause that ends a context of [Patience].
var errImpatient = errors.New("no more patience")

// A wait is one request's, as its context knows it.
type wait struct {
	Patience

	mu     sync.Mutex
	worked time.Duration // that the kernel worked, so far
	blind  error         // why that is not known
}

type waitKey struct{}

// begin returns a context that ends when p does, for a request to whoever's work works reads.
func (p Patience) begin(
	ctx context.Context, work func() (work, error),
) (context.Context, context.CancelFunc) {
	if p.Limit <= 0 {
		return context.WithCancel(ctx)
	}
	w := &wait{Patience: p}
	ctx = context.WithValue(ctx, waitKey{}, w)
	if p.Most <= p.Limit {
		return context.WithTimeout(ctx, p.Limit)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	began := time.Now()
	// Hardly any request lasts so long: no other pays for a look.
	first := time.AfterFunc(p.Limit/looks, func() {
		if w.over(ctx, began, work) {
			cancel(errImpatient)
		}
	})
	return ctx, func() {
		first.Stop()
		cancel(context.Canceled)
	}
}

// looks is how often a request that lasts for its whole limit is looked after. What it took until
// the first look counts against the limit in any case.
const looks = 8

// over looks after a request until it has had its time, or ctx is done. It reports whether it has
// had its time.
func (w *wait) over(ctx context.Context, began time.Time, work func() (work, error)) bool {
	now := time.Now()
	judged, counted := now, now.Sub(began)
	before, known := work()
	w.saw(0, known)
	for counted < w.Limit && now.Sub(began) < w.Most {
		next := min(w.Limit/looks, w.Limit-counted, w.Most-now.Sub(began))
		select {
		case <-ctx.Done():
			return false
		case <-time.After(next):
		}
		now = time.Now()
		after, err := work()
		passed, did := now.Sub(judged), after.since(before)
		switch {
		case err != nil || known != nil:
			counted += passed
			w.saw(0, err)
		case did.tooLittle():
			continue
		case did.inKernel(passed):
			w.saw(passed, nil)
		default:
			counted += passed
		}
		judged, before, known = now, after, err
	}
	return true
}

// saw takes in that the kernel worked, or why that is not known.
func (w *wait) saw(worked time.Duration, blind error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.worked += worked
	w.blind = cmp.Or(w.blind, blind)
}

// explain adds to the fault of a request that did not end what is known of its wait.
func (w *wait) explain(f *Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f.Limit = w.Limit
	var known []string
	if f.Detail != "" {
		known = append(known, f.Detail)
	}
	if w.worked > 0 {
		known = append(known, fmt.Sprintf("besides %v in which the kernel worked for it",
			w.worked.Round(time.Millisecond)))
	}
	if w.blind != nil {
		known = append(known,
			fmt.Sprintf("whether the kernel worked for it is unknown: %v", w.blind))
	}
	f.Detail = strings.Join(known, ", ")
}

// work says what some processes did so far.
type work struct {
	kernel time.Duration // in the kernel, on a core; exact to a hundredth of a second
	ran    time.Duration // on a core
	waited time.Duration // ready to run, for a core that others had; 0 where the kernel does not say
}

// since returns what was done since an earlier look. What a thread waited before it ended is lost.
func (w work) since(earlier work) work {
	return work{max(0, w.kernel-earlier.kernel), max(0, w.ran-earlier.ran),
		max(0, w.waited-earlier.waited)}
}

// tooLittle reports whether processes that wanted a core had so little of one that its hundredths
// of a second do not say whether the kernel worked.
func (w work) tooLittle() bool { return w.ran < 10*(time.Second/userHz) && w.waited > w.ran }

// inKernel reports whether at least half of the time that was given to processes went to the
// kernel's work for them, of the time that passed.
func (w work) inKernel(passed time.Duration) bool {
	given := passed
	if wanted := w.ran + w.waited; wanted > 0 {
		busy := min(passed, wanted)
		given = passed - busy + time.Duration(float64(w.ran)/float64(wanted)*float64(busy))
	}
	return w.kernel > 0 && 2*w.kernel >= given
}

// procfs is where the kernel tells of processes.
const procfs = "/proc"

// workOf returns the work of a process. Errors wrap [fs.ErrNotExist] where there is none.
func workOf(pid int) (work, error) {
	s, err := readStat(pid)
	if err != nil {
		return work{}, err
	}
	return s.work, s.addWaited(pid)
}

// workOfGroup returns the work of all processes of a group, and of the children that they have
// waited for.
func workOfGroup(group int) (work, error) {
	var sum work
	entries, err := os.ReadDir(procfs)
	if err != nil {
		return sum, err
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue // no process
		}
		s, err := readStat(pid)
		if errors.Is(err, fs.ErrNotExist) || err == nil && s.group != group {
			continue
		}
		if err == nil {
			err = s.addWaited(pid)
		}
		if err != nil {
			return sum, err
		}
		sum = work{sum.kernel + s.kernel, sum.ran + s.ran, sum.waited + s.waited}
	}
	return sum, nil
}

// stat holds what matters here of a process.
type stat struct {
	group int
	work
}

// readStat reads /proc/PID/stat (proc_pid_stat(5)).
func readStat(pid int) (stat, error) {
	b, err := os.ReadFile(filepath.Join(procfs, strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, gone(err)
	}
	return parseStat(string(b))
}

// gone returns err, as [fs.ErrNotExist] where a process ended while its file was read: ESRCH.
func gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return err
}

// userHz is the unit of times in /proc/PID/stat: the same for every kernel that there is.
const userHz = 100

// parseStat reads fields 5 (the group), 14 and 15 (of the process: in its own code, in the kernel),
// 16 and 17 (of children that it waited for). The second is a name that may hold anything.
func parseStat(text string) (stat, error) {
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 15 {
		return stat{}, fmt.Errorf("stat of a process has %d fields, want 17 or more: %q", len(f)+2,
			text)
	}
	var n [5]int64
	for i, at := range []int{2, 11, 12, 13, 14} {
		var err error
		if n[i], err = strconv.ParseInt(f[at], 10, 64); err != nil {
			return stat{}, fmt.Errorf("stat of a process: %w", err)
		}
	}
	ticks := func(n int64) time.Duration { return time.Duration(n) * (time.Second / userHz) }
	return stat{group: int(n[0]), work: work{
		kernel: ticks(n[2] + n[4]), ran: ticks(n[1] + n[2] + n[3] + n[4]),
	}}, nil
}

// addWaited adds what the threads of a process waited for a core, from
// /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst), where the kernel says it.
func (s *stat) addWaited(pid int) error {
	dir := filepath.Join(procfs, strconv.Itoa(pid), "task")
	threads, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(gone(err), fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, t := range threads {
		b, err := os.ReadFile(filepath.Join(dir, t.Name(), "schedstat"))
		if err != nil {
			if errors.Is(gone(err), fs.ErrNotExist) {
				continue // it has ended, or the kernel was built without it
			}
			return err
		}
		f := strings.Fields(string(b))
		if len(f) != 3 {
			return fmt.Errorf("schedstat of a thread: %q has %d fields, want 3", b, len(f))
		}
		waited, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return fmt.Errorf("schedstat of a thread: %w", err)
		}
		s.waited += time.Duration(waited)
	}
	return nil
}
