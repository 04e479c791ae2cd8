// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/vmtest/image"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// spec names what clones run: it loads an object, runs its program and reads the map.
const spec = "mapdefs.use.program-sees-map"

const mega = 1e6

// measureGuests measures boots, templates and clones of each kernel.
func measureGuests(ctx context.Context, o options, s *sheet) error {
	store, err := kernel.Open(kernel.Options{Cache: o.cache})
	if err != nil {
		return err
	}
	names := strings.FieldsFunc(o.kernels, func(r rune) bool { return r == ',' })
	if len(names) == 0 {
		if names, err = store.DefaultMatrix(ctx); err != nil {
			return err
		}
	}
	for i, name := range names {
		k, err := store.Get(ctx, name)
		if err != nil {
			return err
		}
		if err := measureKernel(ctx, o, s, k, i == 0); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func measureKernel(
	ctx context.Context, o options, s *sheet, k *kernel.Kernel, scale bool,
) (err error) {
	dir, err := os.MkdirTemp("", "loadstone-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	initramfs, err := image.Build(ctx,
		image.Options{Kernel: k, Guest: filepath.Join(o.bin, "loadstone-guest"), Cache: dir})
	if err != nil {
		return err
	}
	s.add(k.Name+" initramfs", "MB", 60, []float64{float64(initramfs.Size) / mega})
	c := machine.Config{Kernel: k.Image, Image: initramfs.Path, Accel: machine.TCG}
	y := yardstick{kernel: k.Name, config: c}

	made, err := y.hold(ctx, o.runs, func() (float64, error) { return makeTemplate(ctx, c, dir) })
	if err != nil {
		return err
	}
	s.add(k.Name+" bare boot", "s", 0, made.boots)
	s.add(k.Name+" template", "s", 0, made.seconds)
	s.add(k.Name+" template, in boots", boots(k.Name), 1.5, made.ratios)

	template, err := machine.Templates{Cache: filepath.Join(dir, "templates")}.Get(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, template.Close()) }()
	if err := measureClones(ctx, o, s, y, template); err != nil || !scale {
		return err
	}
	return measureScale(ctx, s, k, template)
}

// repeat measures several times, after one time that does not count: it fills the page cache.
func repeat(runs int, measure func() (float64, error)) ([]float64, error) {
	var all []float64
	for i := range runs + 1 {
		v, err := measure()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			all = append(all, v)
		}
	}
	return all, nil
}

// bareBoot returns the seconds from exec of QEMU to the guest's word that it is ready for its
// order.
func bareBoot(ctx context.Context, c machine.Config) (float64, error) {
	vm, err := machine.Boot(ctx, c, machine.Options{Order: []byte("{}")})
	if err != nil {
		return 0, err
	}
	defer vm.Wait()
	defer vm.Kill()
	for {
		_, err := vm.Next(ctx)
		// the order was nonsense, so the guest ended; that is long after it was ready
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	return vm.Wait().Timing.Ready.Seconds(), nil
}

// makeTemplate returns the seconds that a template takes, from nothing to a file that can be
// cloned.
func makeTemplate(ctx context.Context, c machine.Config, dir string) (float64, error) {
	cache, err := os.MkdirTemp(dir, "template-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(cache)
	started := time.Now()
	template, err := machine.Templates{Cache: cache}.Get(ctx, c)
	if err != nil {
		return 0, err
	}
	return time.Since(started).Seconds(), template.Close()
}

// clone describes what one clone took.
type clone struct {
	first, gone float64 // seconds from exec of QEMU to the first record, and to its end
	resident    float64 // megabytes, at the most
}

// runClone has a clone run the spec, and returns what it took. It is an error if the spec did not
// pass.
func runClone(ctx context.Context, t *machine.Template) (c clone, err error) {
	order, err := record.Order{
		Run: "bench", Kernel: "bench", Specs: []string{spec},
		Loader: record.Loader{Name: "reference", Builtin: "reference"},
		Limits: record.DefaultLimits,
	}.Text()
	if err != nil {
		return c, err
	}
	vm, err := t.Clone(ctx, machine.Options{Order: order})
	if err != nil {
		return c, err
	}
	passed := false
	for {
		line, err := vm.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			vm.Kill()
			return c, err
		}
		c.resident = max(c.resident, peakResident(vm.PID()))
		r, err := record.Parse(line.JSON)
		if err != nil {
			return c, err
		}
		if finish, ok := r.(record.Finish); ok {
			passed = finish.Outcome == record.Passed
		}
	}
	end := vm.Wait()
	if err := end.Err(); err != nil {
		return c, err
	}
	if !passed {
		return c, fmt.Errorf("spec %s did not pass", spec)
	}
	c.first, c.gone = end.Timing.FirstRecord.Seconds(), end.Timing.Gone.Seconds()
	return c, nil
}

// peakResident returns the most megabytes that a process has had resident; 0 once it is gone.
func peakResident(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			if err != nil {
				return 0
			}
			return kib * 1024 / mega
		}
	}
	return 0
}

// clonesBetween gives how many clones run between two boots.
const clonesBetween = 5

// measureClones measures clones of one spec, a few after each boot that they are held against.
func measureClones(
	ctx context.Context, o options, s *sheet, y yardstick, t *machine.Template,
) error {
	var first, gone, resident, firstBoots, goneBoots []float64
	for range o.runs {
		boot, err := bareBoot(ctx, y.config)
		if err != nil {
			return err
		}
		for range clonesBetween {
			c, err := runClone(ctx, t)
			if err != nil {
				return err
			}
			first, gone = append(first, c.first), append(gone, c.gone)
			firstBoots, goneBoots = append(firstBoots, c.first/boot), append(goneBoots, c.gone/boot)
			resident = append(resident, c.resident)
		}
	}
	s.add(y.kernel+" clone, exec to first record", "s", 0, first)
	s.add(y.kernel+" clone, first record in boots", boots(y.kernel), 0.05, firstBoots)
	s.add(y.kernel+" clone, one spec, exec to gone", "s", 0, gone)
	s.add(y.kernel+" clone, one spec in boots", boots(y.kernel), 0.1, goneBoots)
	s.add(y.kernel+" clone, resident at most", "MB", 150, resident)
	return nil
}

// measureScale runs more and more clones, two at a time: time has to grow with their number, memory
// must not.
func measureScale(ctx context.Context, s *sheet, k *kernel.Kernel, t *machine.Template) error {
	const atOnce = 2
	for _, n := range []int{1, 2, 4, 8, 16} {
		var resident []float64
		took, err := repeat(3, func() (float64, error) {
			started := time.Now()
			group, ctx := errgroup.WithContext(ctx)
			group.SetLimit(atOnce)
			peaks := make([]float64, n)
			for i := range n {
				group.Go(func() error {
					c, err := runClone(ctx, t)
					peaks[i] = c.resident
					return err
				})
			}
			err := group.Wait()
			resident = append(resident, sumOfLargest(peaks, atOnce))
			return time.Since(started).Seconds(), err
		})
		if err != nil {
			return err
		}
		s.add(fmt.Sprintf("%s %d cells of one spec, two at once", k.Name, n), "s", 0, took)
		s.add(fmt.Sprintf("%s %d cells, resident at once at most", k.Name, n), "MB", 0, resident)
	}
	return nil
}

// sumOfLargest returns an upper bound of what so many of them had at once.
func sumOfLargest(values []float64, count int) float64 {
	largest := make([]float64, 0, count)
	for _, v := range values {
		largest = append(largest, v)
		if len(largest) > count {
			smallest := 0
			for i := range largest {
				if largest[i] < largest[smallest] {
					smallest = i
				}
			}
			largest = append(largest[:smallest], largest[smallest+1:]...)
		}
	}
	sum := 0.0
	for _, v := range largest {
		sum += v
	}
	return sum
}
