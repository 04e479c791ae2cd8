// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"unsafe"
)

// ringMemory returns zeroed memory for a ring, aligned as a mapping is.
func ringMemory() []byte {
	words := make([]uint64, RingSize/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), RingSize)
}

// bothEnds returns the host's and the guest's view of one new ring.
func bothEnds(t testing.TB) (host, guest Ring) {
	t.Helper()
	memory := ringMemory()
	host, err := NewRing(memory)
	if err != nil {
		t.Fatal(err)
	}
	if guest, err = OpenRing(memory); err != nil {
		t.Fatal(err)
	}
	return host, guest
}

func TestRingCarriesEveryByteOnce(t *testing.T) {
	host, guest := bothEnds(t)
	random := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, 3*RingSize+17)
	for i := range sent {
		sent[i] = byte(random.Uint32())
	}
	var writer sync.WaitGroup
	bell := make(chan struct{}, 1)
	writer.Go(func() {
		for rest := sent; len(rest) > 0; {
			n, ring := guest.Put(rest[:min(len(rest), 1+random.IntN(100_000))])
			rest = rest[n:]
			if ring {
				select {
				case bell <- struct{}{}:
				default:
				}
			}
		}
		close(bell)
	})
	var got []byte
	chunk := make([]byte, 77_777)
	for open := true; ; {
		n, err := host.Take(chunk)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, chunk[:n]...)
		if n == 0 && !open {
			break
		}
		if n == 0 { // nothing may get stuck: the bell rings, or all has come
			_, open = <-bell
		}
	}
	writer.Wait()
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came out otherwise than the %d that went in", len(got), len(sent))
	}
}

func TestRingThatIsFullTakesNoMore(t *testing.T) {
	host, guest := bothEnds(t)
	room := RingSize - ringData
	if n, ring := guest.Put(make([]byte, RingSize)); n != room || !ring {
		t.Errorf("put %d bytes, ring %v, want %d and true", n, ring, room)
	}
	if n, ring := guest.Put([]byte{1}); n != 0 || ring {
		t.Errorf("put %d bytes into a full ring, ring %v: the reader is not done", n, ring)
	}
	if n, err := host.Take(make([]byte, 5)); n != 5 || err != nil {
		t.Fatalf("took %d bytes, error %v", n, err)
	}
	if n, _ := guest.Put(make([]byte, 9)); n != 5 {
		t.Errorf("put %d bytes where there was room for 5", n)
	}
}

func TestRingOfALyingGuest(t *testing.T) {
	for name, counts := range map[string]struct{ written, read uint64 }{
		"more than fits":         {RingSize, 0},
		"less than was taken":    {3, 4},
		"as much as can be said": {1<<64 - 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			host, guest := bothEnds(t)
			guest.count(ringWritten).Store(counts.written)
			guest.count(ringRead).Store(counts.read)
			if n, err := host.Take(make([]byte, 100)); !errors.Is(err, ErrRing) {
				t.Errorf("took %d bytes, error %v, want %v", n, err, ErrRing)
			}
		})
	}
}

func TestRingOfOtherMemory(t *testing.T) {
	for name, memory := range map[string][]byte{
		"none":         nil,
		"too short":    ringMemory()[:RingSize-8],
		"not aligned":  append(ringMemory(), 0)[1:],
		"not prepared": ringMemory(),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := OpenRing(memory); !errors.Is(err, ErrRing) {
				t.Errorf("error %v, want %v", err, ErrRing)
			}
		})
	}
}

// FuzzRingTake has the host take from memory that a guest has filled with
// whatever it likes.
func FuzzRingTake(f *testing.F) {
	f.Add(uint64(10), uint64(3), []byte("@5 00000000 hello\n"), uint16(4096))
	f.Add(uint64(1<<63), uint64(0), []byte{}, uint16(0))
	f.Add(uint64(RingSize), uint64(RingSize-1), []byte{1}, uint16(1))
	memory := ringMemory()
	f.Fuzz(func(t *testing.T, written, read uint64, start []byte, size uint16) {
		copy(memory, ringMagic)
		r, err := OpenRing(memory)
		if err != nil {
			t.Fatal(err)
		}
		copy(r.data(), start)
		r.count(ringWritten).Store(written)
		r.count(ringRead).Store(read)
		n, err := r.Take(make([]byte, size))
		if holds := written - read; err == nil && uint64(n) != min(holds, uint64(size)) {
			t.Errorf("took %d of %d bytes into %d", n, holds, size)
		}
		if err != nil && (n != 0 || !errors.Is(err, ErrRing)) {
			t.Errorf("%d bytes, error %v", n, err)
		}
	})
}
