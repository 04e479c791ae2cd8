// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/loadstone-bpf/loadstone/vmtest/guest/wire"
)

// guestsRing returns a new ring, and the guest's view of it.
func guestsRing(t *testing.T) (*ring, wire.Ring) {
	t.Helper()
	r, err := newRing()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	guest, err := wire.OpenRing(r.memory)
	if err != nil {
		t.Fatal(err)
	}
	return r, guest
}

// portFunc describes a record port that does something when it is read.
type portFunc func(b []byte) (int, error)

func (f portFunc) Read(b []byte) (int, error) { return f(b) }

// readBoth reads a port and a ring to their ends.
func readBoth(
	t *testing.T, r *ring, port io.Reader,
) (fromPort, fromRing string, portErr, ringErr error) {
	t.Helper()
	b := newBells(port)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var all []byte
		all, portErr = io.ReadAll(b)
		fromPort = string(all)
	}()
	all, ringErr := io.ReadAll(&ringReader{ring: r.Ring, rang: b.rang})
	<-done
	return fromPort, string(all), portErr, ringErr
}

func TestRingIsReadAtBellsAndAtTheEnd(t *testing.T) {
	r, guest := guestsRing(t)
	said := []string{"one\n", "two\n", "three, and no bell any more\n"}
	port := portFunc(func(b []byte) (int, error) {
		if len(said) == 0 {
			return 0, io.EOF
		}
		guest.Put([]byte(said[0]))
		said = said[1:]
		if len(said) == 0 {
			return 0, io.EOF
		}
		return copy(b, []byte{wire.Bell, wire.Bell}), nil
	})
	fromPort, fromRing, portErr, ringErr := readBoth(t, r, port)
	if want := "one\ntwo\nthree, and no bell any more\n"; fromRing != want || fromPort != "" ||
		portErr != nil || ringErr != nil {
		t.Errorf("read %q and %q, errors %v and %v, want nothing and %q", fromPort, fromRing,
			portErr, ringErr, want)
	}
}

func TestWhatIsNoBellIsRead(t *testing.T) {
	r, guest := guestsRing(t)
	guest.Put([]byte("in the ring\n"))
	fromPort, fromRing, portErr, ringErr := readBoth(t, r,
		iotest.OneByteReader(strings.NewReader("\agar\abage\n")))
	if fromPort != "garbage\n" || fromRing != "in the ring\n" || portErr != nil || ringErr != nil {
		t.Errorf("read %q and %q, errors %v and %v", fromPort, fromRing, portErr, ringErr)
	}
}

func TestPortIsReadAgainAfterItsEnd(t *testing.T) {
	b := newBells(strings.NewReader("half a line"))
	for range 2 { // as a reader of lines does after half a line
		if _, err := io.ReadAll(b); err != nil {
			t.Fatal(err)
		}
		if n, err := b.Read(make([]byte, 9)); n != 0 || err != io.EOF {
			t.Errorf("read %d bytes, error %v, want %v", n, err, io.EOF)
		}
	}
}

func TestRingEndsWithABrokenPort(t *testing.T) {
	r, guest := guestsRing(t)
	guest.Put([]byte("in the ring\n"))
	broken := errors.New("broken")
	_, fromRing, portErr, ringErr := readBoth(t, r, iotest.ErrReader(broken))
	if !errors.Is(portErr, broken) || fromRing != "in the ring\n" || ringErr != nil {
		t.Errorf("read %q, errors %v and %v, want %v and none", fromRing, portErr, ringErr, broken)
	}
}

func TestRingOfALyingGuest(t *testing.T) {
	r, _ := guestsRing(t)
	binary.NativeEndian.PutUint64(r.memory[64:], 1<<40) // as much as it says that it has written
	if _, fromRing, _, err := readBoth(t, r, strings.NewReader("\a")); !errors.Is(err,
		wire.ErrRing) {
		t.Errorf("read %q, error %v, want %v", fromRing, err, wire.ErrRing)
	}
}

func TestRingCannotBecomeShorter(t *testing.T) {
	r, _ := guestsRing(t)
	if err := r.file.Truncate(1); err == nil {
		t.Error("its file was truncated")
	}
}

func TestRingAddressInAState(t *testing.T) {
	entry := binary.BigEndian.AppendUint64([]byte("\x110000:00:02.0/ring"), wire.RingSize)
	address := []byte("address.")
	for name, tc := range map[string]struct {
		state []byte
		want  int // -1 for an error
	}{
		"among others": {bytes.Join([][]byte{[]byte("node0"), entry, address, []byte("rest")},
			nil), 5 + len(entry)},
		"none": {[]byte("node0 and node1"), -1},
		"another size": {append([]byte("\x110000:00:02.0/ring\x00\x00\x00\x00\x00\x00\x10\x00"),
			address...), -1},
		"two":             {bytes.Join([][]byte{entry, address, entry, address}, nil), -1},
		"cut off":         {append(bytes.Clone(entry), address[:7]...), -1},
		"of no length":    {nil, -1},
		"at the very end": {append(bytes.Clone(entry), address...), len(entry)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ringAddress(tc.state)
			if err != nil {
				got = -1
			}
			if got != tc.want {
				t.Errorf("at %d, error %v, want %d", got, err, tc.want)
			}
		})
	}
}
