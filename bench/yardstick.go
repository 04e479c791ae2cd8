// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"

	"github.com/loadstone-bpf/loadstone/vmtest/image"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

// A yardstick boots a kernel bare, for what is measured in the same run to be held against: a
// machine that is twice as fast, or busy, is so for both.
type yardstick struct {
	kernel string
	config machine.Config
}

// held is what several measurements came to. Each was made between two boots.
type held struct {
	boots   []float64 // seconds
	seconds []float64
	ratios  []float64 // of each measurement to the mean of the two boots around it
}

// hold measures several times, with a boot before and after each. The first boot and the first
// measurement do not count: they fill the page cache.
func (y yardstick) hold(
	ctx context.Context, runs int, measure func() (float64, error),
) (held, error) {
	if _, err := bareBoot(ctx, y.config); err != nil {
		return held{}, err
	}
	if _, err := measure(); err != nil {
		return held{}, err
	}
	return y.holdCold(ctx, runs, measure)
}

// holdCold works like hold, for what is slow enough that the first counts as well.
func (y yardstick) holdCold(
	ctx context.Context, runs int, measure func() (float64, error),
) (h held, err error) {
	before, err := bareBoot(ctx, y.config)
	if err != nil {
		return h, err
	}
	h.boots = append(h.boots, before)
	for range runs {
		took, err := measure()
		if err != nil {
			return h, err
		}
		after, err := bareBoot(ctx, y.config)
		if err != nil {
			return h, err
		}
		h.boots = append(h.boots, after)
		h.seconds = append(h.seconds, took)
		h.ratios = append(h.ratios, took/((before+after)/2))
		before = after
	}
	return h, nil
}

// newYardstick returns one for a kernel of the cache, with its image in a folder.
func newYardstick(ctx context.Context, o options, name, dir string) (y yardstick, err error) {
	store, err := kernel.Open(kernel.Options{Cache: o.cache})
	if err != nil {
		return y, err
	}
	k, err := store.Get(ctx, name)
	if err != nil {
		return y, err
	}
	initramfs, err := image.Build(ctx,
		image.Options{Kernel: k, Guest: filepath.Join(o.bin, "loadstone-guest"), Cache: dir})
	if err != nil {
		return y, err
	}
	return yardstick{
		kernel: name,
		config: machine.Config{Kernel: k.Image, Image: initramfs.Path, Accel: machine.TCG},
	}, nil
}
