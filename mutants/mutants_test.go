// SPDX-License-Identifier: Apache-2.0

package mutants

import (
	"errors"
	"flag"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/suites/catalogue"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// The test of this file that has guests needs QEMU and a kernel, which is fetched if it is not in
// the cache. It is not skipped where those are missing: it fails.

// module returns the module's folder.
func module(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// openBench returns a bench of the test's own.
func openBench(t *testing.T) *Bench {
	t.Helper()
	bench, err := Open(t.Context(), module(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bench.Close(); err != nil {
			t.Error(err)
		}
	})
	return bench
}

func mutantsOf(t *testing.T) []Mutant {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// everyMutant has all of them tried, as 'make mutants' does: go test ./mutants -args -all.
var everyMutant = flag.Bool("all", false, "try every mutant, not a sample")

// sampleSize bounds how many mutants a test tries otherwise. Each costs a link of the driver, and a
// guest for each of its specs: some four seconds on two cores.
const sampleSize = 36

// tryNow returns the mutants that are tried.
func tryNow(t *testing.T) []Mutant {
	t.Helper()
	all := mutantsOf(t)
	if *everyMutant {
		return all
	}
	sample, err := Sample(all, sampleSize, os.DirFS(module(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a sample of %d of %d mutants; -args -all tries every one", len(sample), len(all))
	return sample
}

// Every mutant fails the specs that are said to catch it, and the reference loader passes them. A
// spec that is broken, or a machine that dies, catches nothing.
func TestSpecsCatchMutants(t *testing.T) {
	bench := openBench(t)
	tried := trials{specs: make(map[string][]string)}
	t.Run("mutants", func(t *testing.T) {
		for _, m := range tryNow(t) {
			t.Run(m.Name, func(t *testing.T) {
				t.Parallel()
				verdicts, err := bench.Try(t.Context(), &m, m.Caught)
				if err != nil {
					t.Fatal(err)
				}
				tried.add(bench.KernelOf(&m), m.Caught)
				expect(t, verdicts, m.Caught, verdict.Fail)
			})
		}
	})
	for kernel, specs := range tried.specs {
		t.Run("reference on "+kernel, func(t *testing.T) {
			verdicts, err := bench.Reference(t.Context(), kernel, specs)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, verdicts, specs, verdict.Pass)
		})
	}
}

// A spec that passes for a loader that did nothing says nothing of any loader. The kernel is one
// that skips few specs; those are asked on another.
func TestNoSpecPassesForALoaderThatDoesNothing(t *testing.T) {
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	bench := openBench(t)
	byKernel := make(map[string][]string)
	for _, id := range committed.Specs {
		kernel, skipped := askedOn[id]
		if !skipped {
			kernel = idleKernel
		}
		byKernel[kernel] = append(byKernel[kernel], id)
	}
	delete(byKernel, "")
	for kernel, specs := range byKernel {
		mustFailIdle(t, bench, kernel, specs, plainIdle)
		mustFailIdle(t, bench, kernel, third(specs, len(committed.Specs)), otherIdle)
	}
}

// third returns the third of specs that is tried in every way, all with -all: each spec that is
// added to the suites has another third tried.
func third(specs []string, salt int) []string {
	if *everyMutant {
		return specs
	}
	var chosen []string
	for _, id := range specs {
		lot := fnv.New32a()
		io.WriteString(lot, id)
		if (int(lot.Sum32())+salt)%3 == 0 {
			chosen = append(chosen, id)
		}
	}
	return chosen
}

func mustFailIdle(t *testing.T, bench *Bench, kernel string, specs, ways []string) {
	t.Helper()
	if len(specs) == 0 {
		return
	}
	verdicts, err := bench.Idle(t.Context(), kernel, specs, ways)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if v.Kind != verdict.Fail {
			t.Errorf("%s on %s: %s is %s, want %s: %s; %s", v.LoaderName(), kernel, v.Spec,
				v.Kind, verdict.Fail, v.Reason, v.Seen)
		}
	}
	if got, want := len(verdicts), len(ways)*len(specs); got != want {
		t.Errorf("%d verdicts on %s, want %d", got, kernel, want)
	}
}

const idleKernel = "6.12"

// askedOn says on which kernel a spec is asked that idleKernel skips; on none where all skip it.
var askedOn = map[string]string{
	"structops.kernel.module-type":                 "", // no module of Debian's offers a structure
	"structops.kernel.without-links":               "6.1",
	"structops.kernel.queue":                       "7.3",
	"structops.kernel.queue-incomplete-refused":    "7.3",
	"structops.kernel.scheduler":                   "7.3",
	"structops.kernel.scheduler-sleepable-refused": "7.3",

	// Programs extend others on all kernels that guests have.
	"xdpchain.lacking.left-alone/link":        "",
	"xdpchain.lacking.left-alone/netlink":     "",
	"xdpchain.lacking.left-alone/netlink-skb": "",
	"xdpchain.lacking.refused":                "",
}

// trials collect the specs that mutants were tried with, by kernel.
type trials struct {
	mu    sync.Mutex
	specs map[string][]string
}

func (r *trials) add(kernel string, specs []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range specs {
		if !slices.Contains(r.specs[kernel], id) {
			r.specs[kernel] = append(r.specs[kernel], id)
		}
	}
}

// expect holds a run to one verdict of a kind for each spec.
func expect(t *testing.T, verdicts []verdict.Verdict, specs []string, want verdict.Kind) {
	t.Helper()
	var judged []string
	for _, v := range verdicts {
		judged = append(judged, v.Spec)
		if v.Kind != want {
			t.Errorf("%s: %s, want %s: %s; seen: %s", v.Spec, v.Kind, want, v.Reason, v.Seen)
			continue
		}
		t.Logf("%s: %s: %s", v.Spec, v.Kind, v.Seen)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(specs)),
		slices.Sorted(slices.Values(judged))); diff != "" {
		t.Errorf("specs that have a verdict:\n%s", diff)
	}
}

// A mutant that names a spec that is gone would be caught by nothing.
func TestMutantsNameSpecs(t *testing.T) {
	committed, err := catalogue.Committed()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutantsOf(t) {
		for _, id := range m.Caught {
			if !slices.Contains(committed.Specs, id) {
				t.Errorf("mutant %s is caught by %s, which is in no catalogue", m.Name, id)
			}
		}
	}
}

// A sample is the same for the same tree, and another where the files that are changed are others.
func TestSampleFollowsTheFilesThatAreChanged(t *testing.T) {
	var all []Mutant
	for i := range 20 {
		m := mutant(t, "--- a.go\n+++ a.go\n@@\n-one\n+two\n")
		m.Name = string(rune('a' + i))
		m.edits[0].new += m.Name + "\n"
		all = append(all, m)
	}
	names := func(text string, n int) (names string) {
		sample, err := Sample(all, n, fstest.MapFS{"a.go": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range sample {
			names += m.Name
		}
		return names
	}
	first := names("one\n", 10)
	if again := names("one\n", 10); again != first {
		t.Errorf("drawn again: %q, was %q", again, first)
	}
	if other := names("one\nmore\n", 10); other == first || len(other) != 10 {
		t.Errorf("drawn of another file: %q, of the first %q", other, first)
	}
	if every := names("one\n", 30); every != "abcdefghijklmnopqrst" {
		t.Errorf("drawn of more than there are: %q", every)
	}
	if _, err := Sample(all, 3, fstest.MapFS{"a.go": {Data: []byte("three\n")}}); !errors.Is(err, ErrStale) {
		t.Errorf("%v, want %v", err, ErrStale)
	}
}

// This costs no guest, so it says in a second what a change of the loader did to mutants.
func TestEditsAreOfTheTree(t *testing.T) {
	for _, m := range mutantsOf(t) {
		if _, err := m.edited(os.DirFS(module(t))); err != nil {
			t.Error(err)
		}
	}
}

func TestHunksAreEditsInTheirOrder(t *testing.T) {
	tree := fstest.MapFS{"a/b.go": {Data: []byte("one\ntwo\n\n")}, "c.go": {Data: []byte("three\n")}}
	m := mutant(t, `diff --git a/a/b.go b/a/b.go
index 1..2 100644
--- a/a/b.go
+++ b/a/b.go
@@ -7 +7 @@ func f() {
-two
+one
+++four

--- a/c.go
+++ b/c.go
@@ -1 +0 @@
-three
--- a/a/b.go
+++ b/a/b.go
@@
 one
-one
+1
`)
	got, err := m.edited(tree)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a/b.go": "one\n1\n++four\n\n", "c.go": ""}, got); diff != "" {
		t.Error(diff)
	}
}

// mutant returns one with a diff.
func mutant(t *testing.T, diff string) Mutant {
	t.Helper()
	edits, err := readDiff(diff)
	if err != nil {
		t.Fatal(err)
	}
	return Mutant{Name: "m", edits: edits}
}

func TestEditWhoseTextIsGoneIsStale(t *testing.T) {
	tree := fstest.MapFS{"a.go": {Data: []byte("one\ntwo\ntwo\n")}}
	for _, diff := range []string{
		"--- a.go\n+++ a.go\n@@\n-three\n",
		"--- a.go\n+++ a.go\n@@\n-two\n", // which of them?
		"--- b.go\n+++ b.go\n@@\n-one\n",
	} {
		m := mutant(t, diff)
		if _, err := m.edited(tree); !errors.Is(err, ErrStale) {
			t.Errorf("%s: %v, want %v", diff, err, ErrStale)
		}
	}
}

func TestMutantThatIsNoGoDoesNotCompile(t *testing.T) {
	m := mutant(t, `--- drivers/reference/driver/main.go
+++ drivers/reference/driver/main.go
@@
-func main() { loader.Main(reference.New()) }
+func main() { loader.Main(reference.New() }
`)
	err := driver(t.Context(), module(t), t.TempDir(), &m)
	if !errors.Is(err, ErrCompile) {
		t.Errorf("%v, want %v", err, ErrCompile)
	}
}

func TestFilesOfMutantsAreChecked(t *testing.T) {
	const wrong, caught = "wrong: It is wrong.\n", "caught: [a.b]\n"
	const diff = "diff: |\n  --- a.go\n  +++ a.go\n  @@\n  -x\n  +y\n"
	if _, err := parse("good", []byte(wrong+diff+caught)); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{
		"no sentence":   "wrong: it\n" + diff + caught,
		"no diff":       wrong + caught,
		"no specs":      wrong + diff,
		"specs twice":   wrong + diff + "caught: [a.b, a.b]\n",
		"unsorted":      wrong + diff + "caught: [b.b, a.b]\n",
		"outside":       wrong + strings.ReplaceAll(diff, "a.go", "../a.go") + caught,
		"no change":     wrong + strings.ReplaceAll(diff, "+y", "+x") + caught,
		"no place":      wrong + strings.ReplaceAll(diff, "  -x\n", "") + caught,
		"no hunk":       wrong + strings.ReplaceAll(diff, "@@", "") + caught,
		"no file":       wrong + strings.ReplaceAll(diff, "+++ a.go", "") + caught,
		"unknown field": wrong + diff + caught + "killed: yes\n",
	} {
		if m, err := parse(name, []byte(text)); err == nil {
			t.Errorf("%s: accepted as %+v", name, m)
		}
	}
}
