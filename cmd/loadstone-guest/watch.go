// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/loadstone-bpf/loadstone/oracle/hygiene"
	"github.com/loadstone-bpf/loadstone/suites/runner"
)

// watch tells a run what became of this guest, in lines.
type watch struct{ *hygiene.Watch }

// beginWatch takes how the guest is before its first spec. Beside the kernel's own things the files
// count in which programs keep what another finds: in our root, and in the driver's.
func beginWatch(f runner.Folders) (runner.Watch, error) {
	if err := os.MkdirAll(filepath.Join(f.Root, f.Work), 0o700); err != nil {
		return nil, err // it stays, and the first spec would make it
	}
	var options hygiene.Options
	for _, root := range []string{"/", f.Root} {
		for _, dir := range []string{"tmp", "run", "root", "dev/shm", "var", "etc"} {
			options.Folders = append(options.Folders, filepath.Join(root, dir))
		}
	}
	w, err := hygiene.Begin(options)
	if err != nil {
		return nil, err
	}
	return watch{w}, nil
}

// Look looks at the guest for a run.
func (w watch) Look(ctx context.Context) (held map[string]int, changes []string, err error) {
	state, err := w.Watch.Look(ctx)
	held = make(map[string]int, len(state.Held))
	for kind, n := range state.Held {
		held[string(kind)] = n
	}
	for _, c := range state.Changes {
		changes = append(changes, c.String())
	}
	return held, changes, err
}
