// SPDX-License-Identifier: Apache-2.0

package record

import (
	"bytes"
	"errors"
	"testing"
)

func TestOnlyTheNextRecordOpens(t *testing.T) {
	key := NewKey()
	guest, host := NewSeal(key), NewSeal(key)
	lines := [][]byte{[]byte(`{"type":"begin"}`), []byte(`{"type":"finish"}`), []byte(`{"type":"end"}`)}
	var sealed [][]byte
	for _, line := range lines {
		sealed = append(sealed, guest.Close(line))
	}
	altered := bytes.Replace(sealed[0], []byte("begin"), []byte("begun"), 1)
	other := NewSeal(NewKey()).Close(lines[0])
	for name, line := range map[string][]byte{
		"later": sealed[1], "last": sealed[2], "altered": altered, "another key": other,
		"unsealed": lines[0], "short": []byte("{}"), "empty": nil,
	} {
		if _, err := host.Open(line); !errors.Is(err, ErrSeal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i, line := range sealed {
		got, err := host.Open(line)
		if err != nil || !bytes.Equal(got, lines[i]) {
			t.Errorf("record %d: %q, %v", i, got, err)
		}
		if _, err := host.Open(line); !errors.Is(err, ErrSeal) {
			t.Errorf("record %d twice: %v", i, err)
		}
	}
}

func TestSealHasItsLength(t *testing.T) {
	if got := len(NewSeal("key").Close(nil)); got != SealLen {
		t.Errorf("%d bytes, want %d", got, SealLen)
	}
	if a, b := NewKey(), NewKey(); a == b || len(a) < 32 {
		t.Errorf("keys %q and %q", a, b)
	}
}

func TestWithoutAKeyNothingIsSealed(t *testing.T) {
	line, err := NewSeal("").Open(NewSeal("").Close([]byte("{}")))
	if err != nil || string(line) != "{}" {
		t.Errorf("%q, %v", line, err)
	}
}
