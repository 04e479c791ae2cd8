// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/apt/apttest"
)

// packages makes the packages of a suite of "name version" and what they need.
func packages(needs map[[2]string]string) []apt.Package {
	var all []apt.Package
	for name, depends := range needs {
		all = append(all,
			apt.Package{Name: name[0], Version: apt.Version(name[1]), Suite: "debian-13", Size: 10, Depends: depends})
	}
	return all
}

func TestKernelsAmongPackages(t *testing.T) {
	split := func(release, version string) string {
		return "linux-base-" + release + " (= " + version + "), linux-binary-" + release + " (= " + version + "), linux-modules-" + release + " (= " + version + ")"
	}
	const a, b, c, d = "6.12.117+deb13-cloud-amd64", "7.3.4+deb13-cloud-amd64",
		"7.0.13+deb13-cloud-amd64", "7.2.6+deb13-cloud-amd64"
	got := kernelsOf(packages(map[[2]string]string{
		{"linux-image-" + a, "6.12.117-1"}:            "kmod, linux-base (>= 4.3~)",
		{"linux-image-" + a + "-dbg", "6.12.117-1"}:   "",
		{"linux-image-cloud-amd64", "6.12.117-1"}:     "linux-image-" + a,
		{"linux-image-6.12-cloud-amd64", "6.12.1-1"}:  "linux-image-" + a,
		{"linux-image-6.1.0-9-rt-amd64", "6.1.170-1"}: "",
		{"linux-headers-" + a, "6.12.117-1"}:          "",

		{"linux-image-6.1.0-9-cloud-amd64-unsigned", "6.1.170-1"}: "",

		{"linux-image-" + b, "7.3.4-1"}: split(b, "7.3.4-1"), {"linux-base-" + b, "7.3.4-1"}: "",
		{"linux-binary-" + b, "7.3.4-1"}: "", {"linux-binary-unsigned-" + b, "7.3.4-1"}: "", {"linux-modules-" + b, "7.3.4-1"}: "",

		// What a mirror that dropped 7.0.13 still has of it.
		{"linux-image-" + c, "7.0.13-1"}: split(c, "7.0.13-1"), {"linux-binary-" + c, "7.0.13-1"}: "",

		{"linux-image-" + d, "7.2.6-1"}: split(d, "7.2.6-1"), {"linux-base-" + d, "7.2.6-1"}: "",
		{"linux-binary-unsigned-" + d, "7.2.6-1"}: "", {"linux-modules-" + d, "7.2.6-1"}: "",
	}), "cloud-amd64")
	sortOffers(got)
	var parts [][]string
	for _, o := range got {
		var names []string
		for _, p := range o.packages {
			names = append(names, p.String())
		}
		parts = append(parts, names)
	}
	want := []Offer{
		{Series: "6.1", Release: "6.1.0-9-cloud-amd64", Version: "6.1.170-1", Suite: "debian-13", Size: 10},
		{Series: "6.12", Release: a, Version: "6.12.117-1", Suite: "debian-13", Size: 10},
		{Series: "7.2", Release: d, Version: "7.2.6-1", Suite: "debian-13", Size: 30},
		{Series: "7.3", Release: b, Version: "7.3.4-1", Suite: "debian-13", Size: 30},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Offer{})); diff != "" {
		t.Errorf("kernels (-want +got):\n%s", diff)
	}
	wantParts := [][]string{
		{"linux-image-6.1.0-9-cloud-amd64-unsigned=6.1.170-1"},
		{"linux-image-" + a + "=6.12.117-1"},
		{"linux-base-" + d + "=7.2.6-1", "linux-binary-unsigned-" + d + "=7.2.6-1", "linux-modules-" + d + "=7.2.6-1"},
		{"linux-base-" + b + "=7.3.4-1", "linux-binary-" + b + "=7.3.4-1", "linux-modules-" + b + "=7.3.4-1"},
	}
	if diff := cmp.Diff(wantParts, parts); diff != "" {
		t.Errorf("their packages (-want +got):\n%s", diff)
	}
}

// TestKernelFromAMirror goes the whole way, with a mirror of this process.
func TestKernelFromAMirror(t *testing.T) {
	const release = "6.12.117+deb13-cloud-amd64"
	m := apttest.NewMirror(t)
	files := map[string]string{}
	for name, data := range packageFiles(release, false) {
		files[name] = string(data)
	}
	m.Add("trixie-security", "linux-image-"+release, "6.12.117-1", "Depends: kmod\n", files)
	m.Publish(nil, "trixie", "trixie-updates", "trixie-security")
	dir := t.TempDir()
	root, err := apt.OpenFor(m.Host(), apt.Options{Dir: dir, Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := storeOf(dir)
	s.source = &debian{flavour: "cloud-amd64", root: root}
	k := get(t, s, "6.12")
	closure, err := k.Closure("cls-bpf")
	if k.Suite != "debian-13" || k.Release != release || len(closure) != 2 || err != nil {
		t.Errorf("kernel %+v, closure %v, %v", k, closure, err)
	}
	wantNothingHalf(t, s)
}

func TestStoreOfAnUnknownArchitecture(t *testing.T) {
	_, err := Open(Options{Cache: t.TempDir(), Arch: "m68k"})
	wantError(t, err, ErrUsage, "m68k")
}
