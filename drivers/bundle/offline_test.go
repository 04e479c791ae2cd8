// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
)

// TestOfflineFetchesNothing has the lists of a mirror, and no package.
func TestOfflineFetchesNothing(t *testing.T) {
	cache := lists(t)
	check(t, os.Remove(filepath.Join(cache, "debs"))) // a link
	_, err := Build(t.Context(),
		Options{Manifest: packaged("/sbin/tc", "iproute2"), Cache: cache, Offline: true})
	if !errors.Is(err, apt.ErrOffline) {
		t.Errorf("%v, want ErrOffline", err)
	}
	debs, err := filepath.Glob(filepath.Join(cache, "debs", "*.deb"))
	if err != nil || len(debs) > 0 {
		t.Errorf("fetched %v, %v", debs, err)
	}
}
