// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/drivers"
	"github.com/loadstone-bpf/loadstone/drivers/bundle"
	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/run"
)

func TestNothingOfABundleIsLostOnItsWayToARun(t *testing.T) {
	c := drivers.Choice{Manifest: &loader.Manifest{Name: "libbpf"}, Version: "1.1"}
	b := &bundle.Bundle{
		Loader: "libbpf", Version: "1.1", Suite: "debian-12", Size: 7,
		Command: []string{"/driver"}, Env: []string{"A=b"}, Payload: "/a.cpio", Digest: "da7a",
		Components: map[string]string{"libbpf1": "1.1.2-1"},
	}
	want := run.Loader{
		Name: "libbpf", Version: "1.1", Command: []string{"/driver"}, Env: []string{"A=b"},
		Payload: "/a.cpio", Digest: "da7a", Components: map[string]string{"libbpf1": "1.1.2-1"},
	}
	if diff := cmp.Diff(want, bundled(c, b)); diff != "" {
		t.Errorf("loader (-want +got):\n%s", diff)
	}
}

func TestLoaderInTheGuestNeedsNoBundle(t *testing.T) {
	all, err := findLoaders(nil)
	if err != nil {
		t.Fatal(err)
	}
	offline := &cacheOptions{cache: t.TempDir(), offline: true}
	got, err := offline.bring(newRunCommand(offline), all, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []run.Loader{{
		Name: drivers.Reference, Version: all[0].Version, Builtin: drivers.Reference,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("loaders (-want +got):\n%s", diff)
	}
}
