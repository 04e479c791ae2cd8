// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/loadstone-bpf/loadstone/oracle/hygiene"
)

// volatile are the folders that specs and loaders may leave files in. A driver's root is below one.
var volatile = []string{"/tmp", "/run", "/root", "/dev/shm", "/etc"}

// A guestWatch says for a run what is not as it was in the guest.
type guestWatch struct{ watch *hygiene.Watch }

// openWatch begins to watch before the template is taken: most of what it costs is done then.
func openWatch() (*guestWatch, error) {
	watch, err := hygiene.Begin(hygiene.Options{Folders: volatile})
	return &guestWatch{watch}, err
}

// begin takes how the guest is once everything is in place.
func (g *guestWatch) begin() error { return g.watch.Renew() }

// Look implements runner.Watch.
func (g *guestWatch) Look(ctx context.Context) (map[string]int, []string, error) {
	state, err := g.watch.Look(ctx)
	held := make(map[string]int, len(state.Held))
	for kind, n := range state.Held {
		held[string(kind)] = n
	}
	changes := make([]string, 0, len(state.Changes))
	for _, c := range state.Changes {
		changes = append(changes, c.String())
	}
	return held, changes, err
}
