// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"testing"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// wantFetched checks that n kernels were fetched of a source, and its lists never.
func wantFetched(t *testing.T, source *fakeSource, n int) {
	t.Helper()
	if len(source.fetched) != n || source.refreshed != 0 {
		t.Errorf("fetched %v, refreshed %d times", source.fetched, source.refreshed)
	}
}

func TestOfflineTakesTheNewestOfTheCache(t *testing.T) {
	s, source := storeOf(t.TempDir(), someVersions...)
	get(t, s, "6.12@6.12.94-1")
	s.options.Offline = true
	if k := get(t, s, "6.12"); k.Version != "6.12.94-1" {
		t.Errorf("got %s", k.Version)
	}
	wantFetched(t, source, 1)
}

func TestOfflineFetchesNothing(t *testing.T) {
	s, source := storeOf(t.TempDir(), someVersions...)
	s.options.Offline = true
	for _, name := range []string{"6.1", "6.1@6.1.190-1"} {
		_, err := s.Get(t.Context(), name)
		wantError(t, err, apt.ErrOffline, "kernel "+name+": 6.1.19")
	}
	wantFetched(t, source, 0)
}

func TestOfflineMendsNothing(t *testing.T) {
	for name, gone := range map[string]bool{"the mirror has it": false, "the mirror has it no more": true} {
		t.Run(name, func(t *testing.T) {
			s, source := storeOf(t.TempDir(), "6.12.117-1")
			k := get(t, s, "6.12")
			if err := os.Truncate(k.Image, 7); err != nil {
				t.Fatal(err)
			}
			s.options.Offline = true
			if gone {
				source.have = nil
			}
			for _, name := range []string{"6.12", "6.12@6.12.117-1"} {
				_, err := s.Get(t.Context(), name)
				wantError(t, err, ErrCorrupt, k.Image)
				wantError(t, err, apt.ErrOffline, "kernels pull 6.12@6.12.117-1")
			}
			wantFetched(t, source, 1)
		})
	}
}
