// SPDX-License-Identifier: Apache-2.0

package reference

import (
	"fmt"
	"strconv"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// layouts name the structs of the protocol's map layouts.
var layouts = map[loader.MapLayout]string{
	"":                    "", // the loader's own rule
	loader.LegacyLayout:   "bpf_map_def",
	loader.IPRoute2Layout: "bpf_elf_map",
	loader.SamplesLayout:  "bpf_load_map_def",
}

// options translates those of a request for the loader. It refuses those that the loader does not
// have: the reply is then not nil.
func options(q *loader.OpenOptions) (loaderimpl.Options, loader.Reply) {
	layout, ok := layouts[q.MapLayout]
	if !ok {
		feature := loader.Feature("map_layout/" + string(q.MapLayout))
		return loaderimpl.Options{}, &loader.Unsupported{Feature: feature, Reason: notYet}
	}
	ids, err := pinIDs(q.PinIDs)
	if err != nil {
		return loaderimpl.Options{}, &loader.Error{Message: err.Error()}
	}
	return loaderimpl.Options{
		IgnoreUnknownFields: q.IgnoreUnknownFields,
		MapLayout:           layout,
		PinRoot:             q.PinRoot,
		Kconfig:             q.Kconfig,
		Iproute2: loaderimpl.Iproute2Options{
			PinMount: q.PinMount, PinSubdir: q.PinSubdir, PinIDs: ids,
		},
	}, nil
}

// loadOptions translates what counts when an object is loaded.
func loadOptions(q *loader.OpenOptions) (opts loaderimpl.LoadOptions, err error) {
	opts.TokenPath = q.TokenPath
	if q.KernelTypes != "" {
		if opts.KernelTypes, err = loaderimpl.ReadTypes(q.KernelTypes); err != nil {
			return opts, err
		}
	}
	for _, path := range q.ExtraTypes {
		extra, err := loaderimpl.ReadTypes(path)
		if err != nil {
			return opts, err
		}
		opts.ExtraTypes = append(opts.ExtraTypes, extra)
	}
	return opts, nil
}

// pinIDs returns the pinning ids of a request. One that is no number is the suite's mistake.
func pinIDs(table map[string]string) (map[uint32]string, error) {
	ids := make(map[uint32]string, len(table))
	for text, path := range table {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("pinning id %q: %w", text, err)
		}
		ids[uint32(id)] = path
	}
	return ids, nil
}
