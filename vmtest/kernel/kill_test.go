// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// victimOf names the variable that tells a process that a test is going to kill the directory of
// its store.
const victimOf = "KERNEL_TEST_VICTIM"

// TestVictim runs as the process that is killed: it fetches and removes kernels, over
// and over, and says on its stdout each time it is about to write something.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimOf)
	if dir == "" {
		return // this is the test run itself
	}
	s, source := storeOf(dir, someVersions...)
	source.during = func(o Offer, dir string) error { fmt.Println("fetch", o.key()); return nil }
	for {
		for _, name := range []string{"6.12", "7.3", "6.1"} {
			fmt.Println("get", name)
			get(t, s, name)
		}
		fmt.Println("prune")
		if _, err := s.Prune(0, false); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStoreSurvivesAKillAtAnyMoment kills a process that works on a store, in
// the middle of whatever it is doing after a random number of lines.
func TestStoreSurvivesAKillAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	s, _ := storeOf(dir, someVersions...)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	for kill := range 25 {
		killAfter(t, dir, 1+random.IntN(12), random.IntN(20000))
		for _, key := range subdirs(s.dir) {
			if _, err := s.open(key); key[0] != '.' && err != nil {
				t.Fatalf("seed %d: after kill %d the store has %s: %v", seed, kill, key, err)
			}
		}
	}
	for _, name := range []string{"6.12", "7.3", "6.1"} {
		get(t, s, name)
	}
	if _, err := s.Prune(1, false); err != nil {
		t.Fatal(err)
	}
	wantNothingHalf(t, s)
}

// killAfter starts a victim, and kills it some turns of a loop after it printed
// so many lines.
func killAfter(t *testing.T, dir string, lines, turns int) {
	t.Helper()
	victim := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimOf+"="+dir)
	stdout, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	for range lines {
		if !said.Scan() {
			t.Fatalf("the victim ended by itself: %v", victim.Wait())
		}
	}
	for range turns {
		_ = os.Getppid() // a system call: the moment is spread over two milliseconds
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed
}
