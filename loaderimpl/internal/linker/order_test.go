// SPDX-License-Identifier: Apache-2.0

package linker

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// linkingObjects returns the objects of the suite about linking.
func linkingObjects(t *testing.T, order string) []Input {
	t.Helper()
	paths, err := filepath.Glob("../../../objects/linking/" + order + "/*.o")
	if err != nil || len(paths) < 20 {
		t.Fatalf("objects %v: %v", paths, err)
	}
	var all []Input
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".o")
		all = append(all, Input{name, readFile(t, path)})
	}
	return all
}

// Whichever objects are linked, in whichever order: the same give the same bytes again; what they
// give alone is those bytes, too; and so is what all but the last give together with the last, and
// the first with all others. Objects that do not fit together do not fit in steps either.
func TestAnyObjectsInAnyOrderLinkAlike(t *testing.T) {
	for _, order := range []string{"el", "eb"} {
		all := linkingObjects(t, order)
		random := rand.New(rand.NewPCG(12, 0))
		linked, refused := 0, 0
		for range 3000 {
			some := make([]Input, 2+random.IntN(3))
			for i, j := range random.Perm(len(all))[:len(some)] {
				some[i] = all[j]
			}
			if checkAlike(t, some) {
				linked++
			} else {
				refused++
			}
		}
		t.Logf("%s: %d sets of objects linked, %d refused", order, linked, refused)
		if linked < 300 || refused < 300 {
			t.Errorf("%s: %d sets of objects linked, %d refused", order, linked, refused)
		}
	}
}

// checkAlike links objects in several ways, and reports whether they fit together.
func checkAlike(t *testing.T, some []Input) bool {
	t.Helper()
	var names []string
	for _, in := range some {
		names = append(names, in.Name)
	}
	once, err := Link(some)
	last := len(some) - 1
	firsts, firstErr := Link(some[:last])
	others, otherErr := Link(some[1:])
	ways := map[string][]Input{"first": append([]Input{some[0]}, Input{"others", others}),
		"last": {{"firsts", firsts}, some[last]}}
	failed := map[string]error{"first": otherErr, "last": firstErr}
	if err == nil {
		ways["again"], ways["alone"] = slices.Clone(some), []Input{{"linked", once}}
	}
	for how, inputs := range ways {
		steps, stepErr := []byte(nil), failed[how]
		if stepErr == nil {
			steps, stepErr = Link(inputs)
		}
		if fmt.Sprint(stepErr == nil) != fmt.Sprint(err == nil) {
			t.Errorf("%v: %v; %s: %v", names, err, how, stepErr)
		} else if !bytes.Equal(once, steps) {
			t.Errorf("%v: %d bytes; %s: other %d", names, len(once), how, len(steps))
		}
	}
	return err == nil
}
