// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"testing"
)

// The kernel's own types do not change while it runs, and are large.
func TestTypesOfVmlinuxAreReadOnce(t *testing.T) {
	first, err := runningKernel{}.Vmlinux()
	if err != nil {
		t.Fatal(err)
	}
	again, err := runningKernel{}.Vmlinux()
	if err != nil || again != first {
		t.Errorf("indexed again: %p, then %p, %v", first, again, err)
	}
}

// What could not be read, for want of descriptors or of memory, may be read the next time.
func TestTypesThatCouldNotBeReadAreTriedAgain(t *testing.T) {
	var value kept[*int]
	want, failed := new(int), errors.New("no descriptors")
	read := func() (*int, error) { return nil, failed }
	if got, err := value.get(read); got != nil || !errors.Is(err, failed) {
		t.Errorf("%v, %v", got, err)
	}
	read = func() (*int, error) { return want, nil }
	if got, err := value.get(read); got != want || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	read = func() (*int, error) { t.Error("read again"); return nil, failed }
	if got, err := value.get(read); got != want || err != nil {
		t.Errorf("%v, %v", got, err)
	}
}
