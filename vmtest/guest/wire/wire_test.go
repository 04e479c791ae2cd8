// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func frame(t testing.TB, kind Kind, payload string) string {
	t.Helper()
	b, err := AppendFrame(nil, kind, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAppendFrameIsReadable(t *testing.T) {
	got := frame(t, KindRecord, `{"spec":"a"}`)
	if want := "@12 54a85973 {\"spec\":\"a\"}\n"; got != want {
		t.Errorf("frame is %q, want %q", got, want)
	}
}

func TestAppendFrameRefuses(t *testing.T) {
	if _, err := AppendFrame(nil, KindRecord, make([]byte, MaxRecord+1)); !errors.Is(err,
		ErrRecordTooLarge) {
		t.Errorf("large record: %v", err)
	}
	if _, err := AppendFrame(nil, KindRecord, []byte("a\nb")); err == nil {
		t.Error("a record of two lines was taken")
	}
}

// said holds a frame or the sentinel of the error in its place.
type said struct {
	Kind    Kind
	Payload string
	Err     error
}

func readAll(r io.Reader) []said {
	var all []said
	reader := NewReader(r)
	for {
		f, err := reader.Next()
		if err == io.EOF {
			return all
		}
		one := said{Kind: f.Kind, Payload: string(f.Payload)}
		for _, sentinel := range []error{ErrRecordGarbage, ErrRecordTooLarge, ErrRecordTruncated} {
			if errors.Is(err, sentinel) {
				one.Err = sentinel
			}
		}
		if err != nil && one.Err == nil {
			one.Err = err
			return append(all, one)
		}
		all = append(all, one)
	}
}

func TestReaderKeepsWhatSurroundsBadInput(t *testing.T) {
	before := frame(t, KindRecord, `{"n":1}`)
	after := frame(t, KindWord, WordEnd)
	huge := strings.Repeat("x", 4<<20)
	kept := func(err error) []said {
		return []said{
			{Kind: KindRecord, Payload: `{"n":1}`}, {Err: err}, {Kind: KindWord, Payload: WordEnd},
		}
	}
	tests := []struct {
		name string
		bad  string
		want []said
	}{
		{"binary", "\x00\xff\x7fELF\x01\n", kept(ErrRecordGarbage)},
		{"kernel message", "[    1.0] random: crng init done\n", kept(ErrRecordGarbage)},
		{"empty line", "\n", kept(ErrRecordGarbage)},
		{"long garbage", huge + "\n", kept(ErrRecordGarbage)},
		{"no checksum", "@12 {\"n\":2}\n", kept(ErrRecordGarbage)},
		{"wrong checksum", "@7 00000000 {\"n\":2}\n", kept(ErrRecordGarbage)},
		{"length beyond the line", "@99 00000000 {\"n\":2}\n", kept(ErrRecordGarbage)},
		{"length that wraps", "@18446744073709551616 00000000 x\n", kept(ErrRecordGarbage)},
		{"negative length", "@-1 00000000 x\n", kept(ErrRecordGarbage)},
		{"record of 4 MiB", fmt.Sprintf("@%d 00000000 %s\n", len(huge), huge), kept(ErrRecordTooLarge)},
		{"record one byte too large", fmt.Sprintf("@%d 00000000 %s\n", MaxRecord+1, huge[:MaxRecord+1]), kept(ErrRecordTooLarge)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := readAll(strings.NewReader(before + test.bad + after))
			if diff := cmp.Diff(test.want, got,
				cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderTellsHalfARecordAtTheEnd(t *testing.T) {
	whole := frame(t, KindRecord, `{"n":1}`)
	for size := 1; size < len(whole); size++ {
		got := readAll(strings.NewReader(whole + whole[:size]))
		want := []said{{Kind: KindRecord, Payload: `{"n":1}`}, {Err: ErrRecordTruncated}}
		if diff := cmp.Diff(want, got,
			cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
			t.Errorf("cut after %d bytes: %s", size, diff)
		}
	}
}

func TestReaderReadsTheLargestRecord(t *testing.T) {
	payload := strings.Repeat("y", MaxRecord)
	got := readAll(iotest.HalfReader(strings.NewReader(frame(t, KindRecord, payload))))
	if len(got) != 1 || got[0].Payload != payload {
		t.Errorf("largest record came back as %d frames", len(got))
	}
}

func TestReaderPassesOnErrorsOfThePort(t *testing.T) {
	broken := errors.New("port broke")
	r := NewReader(iotest.ErrReader(broken))
	if _, err := r.Next(); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestWakeSurvivesItsLine(t *testing.T) {
	want := Wake{
		Now: time.Unix(1700000000, 123456789), Seed: [SeedSize]byte{1, 2, 255}, Payload: 64 << 20,
	}
	got, err := ParseWake(want.Line())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseWakeRefuses(t *testing.T) {
	good := Wake{Now: time.Unix(0, 1)}.Line()
	seed := strings.Repeat("00", SeedSize)
	for name, line := range map[string]string{
		"empty line":       "",
		"another word":     strings.Replace(good, "wake", "sleep", 1),
		"field too many":   good + " 1",
		"no time":          "wake x " + seed + " 0",
		"short seed":       "wake 1 0011 0",
		"seed not hex":     "wake 1 " + strings.Repeat("zz", SeedSize) + " 0",
		"negative payload": "wake 1 " + seed + " -1",
	} {
		if _, err := ParseWake(line); !errors.Is(err, ErrWake) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("@7 5a1e4b33 {\"n\":1}\n!3 d4b5be1f end\n"))
	f.Add([]byte("@1048577 00000000 x"))
	f.Fuzz(func(t *testing.T, input []byte) {
		reader := NewReader(bytes.NewReader(input))
		for range len(input) + 1 {
			frame, err := reader.Next()
			if err == io.EOF {
				return
			}
			if err == nil && len(frame.Payload) > MaxRecord {
				t.Fatalf("record of %d bytes", len(frame.Payload))
			}
		}
		t.Fatal("more frames than bytes")
	})
}

func FuzzParseWake(f *testing.F) {
	f.Add(Wake{Now: time.Unix(0, 1)}.Line())
	f.Fuzz(func(t *testing.T, line string) {
		if w, err := ParseWake(line); err == nil && w.Payload < 0 {
			t.Fatalf("negative payload of %q", line)
		}
	})
}
