// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// A course is a run that is played through, as package run carries it out: kernels made ready one
// after the other beside the guests, batches to the worker that is free, what did not pass again in
// a guest of its own by the same worker. What things take is not what an estimate assumes.
type course struct {
	kernels, loaders []string
	linked           []string
	suites           map[string]int
	jobs, cpus       int
	seed             uint64
	share            int
	again            map[string]float64 // of a loader's specs, in shared guests
	cost             func(p part) float64
	start            float64                     // of a guest
	boot             func(kernel string) float64 // to make it ready
}

func (c course) work() Work {
	w := Work{
		Jobs: c.jobs, CPUs: c.cpus, Share: c.share, Again: len(c.again) > 0, Linked: c.linked,
	}
	for _, k := range c.kernels {
		for _, l := range c.loaders {
			for s, n := range c.suites {
				w.Parts = append(w.Parts, verdict.Part{Loader: l, Kernel: k, Suite: s, Specs: n})
			}
		}
	}
	return w
}

// A job is what a worker still has to do of its batch, a spec after the other.
type job struct {
	task  task
	suite string
	left  float64 // seconds; before it is begun all that it takes
	turn  *Turn   // which it begins; nil for one that goes on in the same guest
	again bool
}

// said is what an estimate said at a moment.
type said struct{ at, left float64 }

// play plays the course through and returns what the estimate said after each verdict, and when the
// run was over.
func (c course) play(t *testing.T) (forecasts []said, over float64) {
	t.Helper()
	const step = 0.02
	e := newEstimate(c.work())
	random := rand.New(rand.NewPCG(c.seed, 0))
	now := 0.0

	var queue [][]job
	next, making, makes := 0, 0.0, false // kernel to make ready
	workers := make([][]job, c.jobs)
	slots := float64(max(c.cpus, c.jobs))
	for planned := c.work().Planned(); ; now += step {
		// The next kernel is made ready when all batches but those of the last are taken.
		taken := true
		for _, batch := range queue {
			taken = taken && batch[0].task.kernel == c.kernels[max(0, next-1)]
		}
		if !makes && next < len(c.kernels) && (taken || len(queue) == 0) {
			makes, making = true, c.boot(c.kernels[next])
			e.preparing(c.kernels[next], now)
		}
		running := 0
		for w := range workers {
			if len(workers[w]) == 0 && len(queue) > 0 {
				workers[w], queue = queue[0], queue[1:]
			}
			if len(workers[w]) == 0 {
				continue
			}
			running++
			if j := &workers[w][0]; j.turn != nil {
				j.turn.Worker = w
				e.begin(*j.turn, now)
				j.turn = nil
			}
		}
		if makes {
			running++
		}
		if running == 0 {
			return forecasts, now
		}
		rate := step * min(1, slots/float64(running))
		if making -= rate; makes && making <= 0 {
			makes = false
			e.prepared(c.kernels[next], now)
			queue = append(queue, c.batches(c.kernels[next], random)...)
			next++
		}
		for w := range workers {
			if len(workers[w]) == 0 {
				continue
			}
			j := workers[w][0]
			if j.left -= rate; j.left > 0 {
				workers[w][0].left = j.left
				continue
			}
			workers[w] = workers[w][1:]
			if j.again {
				e.repeat(j.task.loader, j.task.kernel, j.task.spec, now)
				workers[w] = append(workers[w], c.alone(j, random))
				continue
			}
			e.verdict(verdict.Verdict{
				Spec: j.task.spec, Suite: j.suite,
				Cell: verdict.Cell{Loader: j.task.loader, Kernel: j.task.kernel},
			}, now)
			planned--
			if len(forecasts) > 0 && now-forecasts[len(forecasts)-1].at < 2 {
				continue
			}
			if left, ok := e.remaining(now); ok {
				forecasts = append(forecasts, said{now, left})
			}
		}
	}
}

// batches cuts a kernel's specs into those of one guest each, in random order.
func (c course) batches(kernel string, random *rand.Rand) [][]job {
	var all [][]job
	for _, loader := range c.loaders {
		var jobs []job
		for _, suite := range slices.Sorted(maps.Keys(c.suites)) {
			for i := range c.suites[suite] {
				p := part{loader, kernel, suite}
				jobs = append(jobs, job{
					task:  task{loader, kernel, fmt.Sprintf("%s.%d", suite, i)},
					suite: suite, left: c.noisy(p, random),
					again: c.share > 1 && random.Float64() < c.again[loader],
				})
			}
		}
		random.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
		for len(jobs) > 0 {
			n := min(len(jobs), c.share)
			batch := append([]job(nil), jobs[:n]...)
			jobs = jobs[n:]
			turn := &Turn{Loader: loader, Kernel: kernel}
			for _, j := range batch {
				turn.Specs = append(turn.Specs, j.task.spec)
				turn.Suites = append(turn.Suites, j.suite)
			}
			batch[0].turn = turn
			batch[0].left += c.start
			all = append(all, batch)
		}
	}
	return all
}

// noisy returns what one spec of a part takes: specs of a suite differ.
func (c course) noisy(p part, random *rand.Rand) float64 {
	return c.cost(p) * (0.4 + 1.2*random.Float64())
}

// alone returns a job again, in a guest of its own.
func (c course) alone(j job, random *rand.Rand) job {
	p := part{j.task.loader, j.task.kernel, j.suite}
	j.left, j.again = c.start+c.noisy(p, random), false
	j.turn = &Turn{
		Loader: p.loader, Kernel: p.kernel, Specs: []string{j.task.spec}, Suites: []string{p.suite},
	}
	return j
}

// today are the suites' sizes.
var today = map[string]int{"mapdefs": 250, "mapinmap": 93, "pinning": 68, "numa": 55}

func bySpeed(speeds map[string]float64) func(p part) float64 {
	return func(p part) float64 {
		product := 1.0
		for _, name := range []string{p.kernel, p.loader, p.suite} {
			if f, ok := speeds[name]; ok {
				product *= f
			}
		}
		return product
	}
}

var courses = map[string]course{
	"the default matrix, shared guests, no templates": {
		kernels: []string{"5.10", "6.1", "6.12", "6.18", "7.3"}, loaders: []string{"reference"},
		linked: []string{"reference"}, suites: today, jobs: 2, cpus: 2, share: 64,
		again: map[string]float64{"reference": 0.01}, start: 0.5,
		cost: bySpeed(map[string]float64{
			"reference": 0.1, "6.12": 1.1, "6.18": 1.2, "7.3": 1.3, "pinning": 1.5, "numa": 1.6,
		}),
		boot: func(string) float64 { return 6 },
	},
	"the default matrix, a guest for each spec, templates cached": {
		kernels: []string{"5.10", "6.1", "6.12", "6.18", "7.3"}, loaders: []string{"reference"},
		linked: []string{"reference"}, suites: today, jobs: 2, cpus: 2, share: 1, start: 0.5,
		cost: bySpeed(map[string]float64{"reference": 0.2, "7.3": 1.5, "pinning": 1.5}),
		boot: func(string) float64 { return 0.1 },
	},
	"a linked loader and two processes that refuse much": {
		kernels: []string{"5.10", "7.3"}, loaders: []string{"reference", "libbpf", "iproute2"},
		linked: []string{"reference"}, suites: today, jobs: 2, cpus: 2, share: 64,
		again: map[string]float64{"libbpf": 0.2, "iproute2": 0.35}, start: 0.6,
		cost: bySpeed(map[string]float64{
			"reference": 0.1, "libbpf": 0.3, "iproute2": 0.25, "7.3": 1.3,
		}),
		boot: func(string) float64 { return 6 },
	},
	"one cell of a process": {
		kernels: []string{"6.12"}, loaders: []string{"libbpf"}, suites: today, jobs: 2, cpus: 2,
		share: 64, again: map[string]float64{"libbpf": 0.2}, start: 0.6,
		cost: bySpeed(map[string]float64{"libbpf": 0.3, "mapinmap": 0.6}),
		boot: func(string) float64 { return 7 },
	},
	"every loader on a machine of eight CPUs": {
		kernels: []string{"5.10", "6.1", "6.12", "6.18", "7.3"},
		loaders: []string{"reference", "libbpf", "cilium", "aya", "libbpf-rs", "iproute2", "bpftool"},
		linked:  []string{"reference"}, suites: today, jobs: 8, cpus: 8, share: 64,
		again: map[string]float64{
			"libbpf": 0.2, "cilium": 0.15, "aya": 0.4, "libbpf-rs": 0.2, "iproute2": 0.4, "bpftool": 0.3,
		}, start: 0.5,
		cost: bySpeed(map[string]float64{
			"reference": 0.1, "libbpf": 0.25, "cilium": 0.3, "aya": 0.25, "libbpf-rs": 0.28,
			"iproute2": 0.2, "bpftool": 0.35, "7.3": 1.3,
		}),
		boot: func(string) float64 { return 6 },
	},
}

// slack is how far off an estimate may be where little is left, as a part of the run: what the last
// batch of the last worker takes depends on few specs.
const slack = 1.0 / 25

func TestEstimateHoldsWithinAQuarterFromATenthOfTheRunOn(t *testing.T) {
	for i := range 3 * len(courses) {
		name := slices.Sorted(maps.Keys(courses))[i/3]
		c := courses[name]
		c.seed = uint64(i)
		t.Run(name, func(t *testing.T) {
			forecasts, over := c.play(t)
			wrong, checked, worst := 0, 0, said{}
			off := 0.0
			for _, f := range forecasts {
				if f.at < over/10 {
					continue
				}
				checked++
				left := over - f.at
				by := math.Abs(f.left - left)
				if by > max(left/4, slack*over) {
					wrong++
				}
				if share := by / max(left, 4*slack*over); share > off {
					off, worst = share, f
				}
			}
			t.Logf("a run of %.0f s; worst at %.0f s: said %.1f, was %.1f (off by %.0f %%)",
				over, worst.at, worst.left, over-worst.at, 100*off)
			if wrong > 0 || checked == 0 {
				t.Errorf("%d of %d estimates were off by more than a quarter", wrong, checked)
			}
		})
	}
}
