// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"errors"
	"testing"
)

// A driver that cannot run as the user that it is started as speaks the version all the same.
func TestHelloThatIsUnsupported(t *testing.T) {
	hello := Hello{Protocols: []int{Version}}
	if fault := checkVersion(hello, &Unsupported{Feature: Unprivileged}); fault != nil {
		t.Errorf("for lack of rights: %v", fault)
	}
	fault := checkVersion(hello, &Unsupported{Feature: ProtocolFeature})
	if fault == nil || !errors.Is(fault, ErrVersion) {
		t.Errorf("for lack of a version: %v, want %v", fault, ErrVersion)
	}
}
