// SPDX-License-Identifier: Apache-2.0

package apt

import (
	"os/exec"
	"testing"
)

// versionsInOrder lists versions from oldest to newest.
var versionsInOrder = []Version{
	"0~~", "0~~a", "0~", "0", "0a", "0+", "1.0~rc1-1", "1.0-1~bpo12+1", "1.0-1", "1.0-1+b1",
	"1.0-1.1", "1.0-2", "1.0a-1", "1.0+dfsg-1",
	"5.10.262-1", "6.1.9-1", "6.1.192-2", "6.12.117-1~deb12u1", "6.12.117-1", "7.3.4-1~bpo13+1",
	"1:0.5.0-1", "2:0",
}

func TestVersionOrder(t *testing.T) {
	for i, v := range versionsInOrder {
		for j, w := range versionsInOrder {
			if got := v.Compare(w); sign(got) != sign(i-j) {
				t.Errorf("%s.Compare(%s) = %d, want sign %d", v, w, got, sign(i-j))
			}
		}
	}
}

func TestVersionOrderIsDpkgs(t *testing.T) {
	for i := 1; i < len(versionsInOrder); i++ {
		older, newer := string(versionsInOrder[i-1]), string(versionsInOrder[i])
		if out, err := exec.Command("dpkg", "--compare-versions", older, "lt",
			newer).CombinedOutput(); err != nil {
			t.Errorf("dpkg does not find %s older than %s: %v %s", older, newer, err, out)
		}
	}
}

func TestVersionsThatDifferInWritingOnly(t *testing.T) {
	for _, pair := range [][2]Version{
		{"0:1.0-1", "1.0-1"}, {"1.0", "1.0-0"}, {"1.00-1", "1.0-1"}, {"", ""},
	} {
		if c := pair[0].Compare(pair[1]); c != 0 {
			t.Errorf("%q.Compare(%q) = %d, want 0", pair[0], pair[1], c)
		}
	}
}

func TestUpstreamOfVersion(t *testing.T) {
	for version, want := range map[Version]string{
		"6.12.117-1~deb12u1": "6.12.117", "1:1.5.0-3": "1.5.0", "2.0": "2.0",
		"7.3~rc4-1~exp1": "7.3~rc4",
	} {
		if got := version.Upstream(); got != want {
			t.Errorf("%s.Upstream() = %s, want %s", version, got, want)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func FuzzVersionCompare(f *testing.F) {
	for _, v := range versionsInOrder {
		f.Add(string(v), "1.0-1")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if x, y := Version(a).Compare(Version(b)), Version(b).Compare(Version(a)); sign(x) != -sign(y) {
			t.Errorf("%q, %q: %d one way, %d the other", a, b, x, y)
		}
	})
}
