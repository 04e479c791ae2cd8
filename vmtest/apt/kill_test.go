// SPDX-License-Identifier: Apache-2.0

package apt_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/loadstone-bpf/loadstone/vmtest/apt"
	"github.com/loadstone-bpf/loadstone/vmtest/apt/apttest"
)

// victimOf names the variable that tells a process that a test is going to kill the directory and
// the configuration of its root.
const victimOf = "APT_TEST_VICTIM"

// TestVictim runs as the process that is killed: it updates a suite and fetches a
// package, over and over.
func TestVictim(t *testing.T) {
	words := strings.Split(os.Getenv(victimOf), "\n")
	if len(words) != 4 {
		return // this is the test run itself
	}
	host := &apt.Host{
		Main: words[1], Security: words[2], Keyrings: []string{words[3]},
		Acquire: []string{`Acquire::http::Proxy "DIRECT";`},
	}
	root, err := apt.OpenFor(host, apt.Options{Dir: words[0], Arch: "amd64", Refresh: true})
	if err != nil {
		t.Fatal(err)
	}
	suite := suiteOf(t, root, "debian-12")
	if _, err := root.Fetch(t.Context(), newest(t, suite, "libbpf1"), t.TempDir()); err != nil {
		t.Fatal(err)
	}
}

// TestRootSurvivesAKillAtAnyRequest kills a process at the moment when the
// mirror gets its first request, its second, and so on. After each kill the
// root has to work.
func TestRootSurvivesAKillAtAnyRequest(t *testing.T) {
	m := bookworm(t)
	host, dir := m.Host(), t.TempDir()
	for at := 1; ; at++ {
		if finished := killAtRequest(t, m, host, dir, at); finished {
			if at < 5 {
				t.Errorf("the mirror got only %d requests", at-1)
			}
			break
		}
		root, err := apt.OpenFor(host, apt.Options{Dir: dir, Arch: "amd64"})
		if err != nil {
			t.Fatal(err)
		}
		if got := newest(t, suiteOf(t, root, "debian-12"),
			"libc6"); got.Version != "2.36-9+deb12u1" {
			t.Fatalf("after a kill at request %d libc6 is %s", at, got.Version)
		}
	}
}

// killAtRequest runs a victim and kills it when the mirror gets the request of
// that number. It reports whether the victim finished before.
func killAtRequest(
	t *testing.T, m *apttest.Mirror, host *apt.Host, dir string, at int,
) (finished bool) {
	t.Helper()
	victim := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(),
		fmt.Sprintf("%s=%s\n%s\n%s\n%s", victimOf, dir, host.Main, host.Security, host.Keyrings[0]))
	started, dead := make(chan struct{}), make(chan struct{})
	var requests atomic.Int64
	m.Before(func(string) {
		<-started
		if requests.Add(1) == int64(at) {
			if err := victim.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-dead
		}
	})
	defer m.Before(nil)
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	err := victim.Wait()
	close(dead)
	killed := requests.Load() >= int64(at)
	if !killed && err != nil {
		t.Fatalf("victim: %v", err)
	}
	return !killed
}
