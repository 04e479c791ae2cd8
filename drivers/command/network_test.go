// SPDX-License-Identifier: Apache-2.0

package command

import (
	"os"
	"testing"
)

func TestNetworkIsOfItsOwnAndEnds(t *testing.T) {
	ours, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	n, err := NewNetwork()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	var theirs string
	n.Do(func() { theirs, err = os.Readlink("/proc/thread-self/ns/net") })
	if err != nil || theirs == ours || theirs == "" {
		t.Errorf("%s and %s, %v", ours, theirs, err)
	}
	if id, err := n.AttachedXDP(); id != 0 || err != nil {
		t.Errorf("XDP program %d, %v", id, err)
	}
	if id, err := n.AttachedFilter(); id != 0 || err != nil {
		t.Errorf("filter %d, %v", id, err)
	}
	if again, err := os.Readlink("/proc/thread-self/ns/net"); again != ours || err != nil {
		t.Errorf("we are in %s, %v", again, err)
	}
}
