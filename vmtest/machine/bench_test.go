// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The figures of issue 2, section 9, of the guest of these tests:
//
//	go test ./vmtest/machine -run '^$' -bench . -benchtime 10x -kernel 6.12
//
// Each also reports, in milliseconds, when things happened after the start of
// QEMU.

// milliseconds reports the mean of d over the runs of b.
func milliseconds(b *testing.B, sum time.Duration, unit string) {
	b.ReportMetric(float64(sum.Microseconds())/1000/float64(b.N), "ms/"+unit)
}

// BenchmarkBoot measures a bare boot to the first record.
func BenchmarkBoot(b *testing.B) {
	c := testConfig(b)
	var record time.Duration
	b.ResetTimer()
	for range b.N {
		vm, err := Boot(b.Context(), c, Options{Order: []byte("none")})
		if err != nil {
			b.Fatal(err)
		}
		record += finish(b, vm).end.Timing.FirstRecord
	}
	milliseconds(b, record, "first-record")
}

// BenchmarkTemplate measures the making of a template.
func BenchmarkTemplate(b *testing.B) {
	c := testConfig(b)
	b.ResetTimer()
	for i := range b.N {
		// A cache each, since a template is made once.
		t, err := Templates{Cache: filepath.Join(b.TempDir(), fmt.Sprint(i))}.Get(b.Context(), c)
		if err != nil {
			b.Fatal(err)
		}
		if err := t.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClone measures a clone from the start of QEMU to its end, one after the
// other and several at once.
func BenchmarkClone(b *testing.B) {
	template := testTemplate(b)
	for _, together := range []int{1, 2, 4, 8, 16} {
		b.Run(fmt.Sprintf("together-%d", together), func(b *testing.B) {
			var mu sync.Mutex
			var resumed, record, gone time.Duration
			var all, own int64
			for range b.N {
				var wg sync.WaitGroup
				for range together {
					wg.Go(func() {
						vm, err := template.Clone(b.Context(), Options{Order: []byte("none")})
						if err != nil {
							b.Error(err)
							return
						}
						end := finish(b, vm).end
						mu.Lock()
						defer mu.Unlock()
						resumed += end.Timing.Resumed
						record += end.Timing.FirstRecord
						gone += end.Timing.Gone
					})
				}
				wg.Wait()
			}
			n := time.Duration(together)
			milliseconds(b, resumed/n, "resumed")
			milliseconds(b, record/n, "first-record")
			milliseconds(b, gone/n, "gone")
			vm, err := template.Clone(b.Context(), Options{Order: []byte("hang-user")})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := vm.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
			if all, own, err = vm.Resident(); err != nil {
				b.Fatal(err)
			}
			vm.Kill()
			b.ReportMetric(float64(all)/(1<<20), "MiB/clone")
			b.ReportMetric(float64(own)/(1<<20), "own-MiB/clone")
		})
	}
}

// BenchmarkPayload measures the cost of what a clone is brought: unpacking 8 MiB.
func BenchmarkPayload(b *testing.B) {
	template := testTemplate(b)
	content := strings.Repeat("library", 8<<20/7)
	p, err := NewPayload(strings.NewReader(string(archiveOf(b,
		map[string]string{"libbpf.so.1": content}))), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	var gone time.Duration
	b.ResetTimer()
	for range b.N {
		vm, err := template.Clone(b.Context(), Options{Order: []byte("unpack"), Payload: p})
		if err != nil {
			b.Fatal(err)
		}
		r := finish(b, vm)
		if r.end.Cause != Clean {
			b.Fatal(r.end)
		}
		gone += r.end.Timing.Gone
	}
	milliseconds(b, gone, "gone")
}

// BenchmarkRecords measures the way of 256 KiB through the record port, in records
// of 16 KiB.
func BenchmarkRecords(b *testing.B) {
	template := testTemplate(b)
	b.SetBytes(256 << 10)
	for range b.N {
		vm, err := template.Clone(b.Context(), Options{Order: []byte("bulk 16 16384")})
		if err != nil {
			b.Fatal(err)
		}
		if r := finish(b, vm); r.end.Cause != Clean {
			b.Fatal(r.end)
		}
	}
}
