// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"github.com/loadstone-bpf/loadstone/requirements"
	"github.com/loadstone-bpf/loadstone/run"
	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// readCatalogue asks the guest program beside this one for its specs, and holds them against the
// requirements and the committed ids of specs that are in this one. Errors wrap [run.ErrNoGuest]
// and [run.ErrOtherSpecs].
func readCatalogue(ctx context.Context) (run.Catalogue, *requirements.Set, error) {
	guest, err := run.FindGuest()
	if err != nil {
		return nil, nil, err
	}
	all, err := run.ReadCatalogue(ctx, guest)
	if err != nil {
		return nil, nil, err
	}
	set, err := requirements.Read()
	if err != nil {
		return nil, nil, err
	}
	if err := all.Check(set); err != nil {
		return nil, nil, err
	}
	committed, err := catalogue.Committed()
	if err != nil {
		return nil, nil, err
	}
	return all, set, all.CheckIDs(committed.Specs)
}

// selectSpecs returns the part of a catalogue that the user named. What the user
// got wrong is a usage error.
func selectSpecs(all run.Catalogue, suites, specs []string) (run.Catalogue, error) {
	chosen, err := all.Select(suites, specs)
	if errors.Is(err, run.ErrNoSpec) || errors.Is(err, run.ErrNoSuite) {
		return nil, usageError{err}
	}
	return chosen, err
}

// catalogueOf returns what a run file says of a guest program's specs.
func catalogueOf(all run.Catalogue) verdict.Catalogue {
	var ids []string
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return verdict.CatalogueOf(ids)
}
