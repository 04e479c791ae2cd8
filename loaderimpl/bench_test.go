// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// manyMaps compiles an object with so many maps.
func manyMaps(b *testing.B, n int) []byte {
	b.Helper()
	object := filepath.Join(b.TempDir(), "many.o")
	if out, err := exec.Command("testdata/many.sh", strconv.Itoa(n), object).CombinedOutput(); err != nil {
		b.Fatalf("this benchmark needs clang-19 and llvm-19: %v\n%s", err, out)
	}
	data, err := os.ReadFile(object)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("maps=%d", n), func(b *testing.B) {
			data := manyMaps(b, n)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := OpenBytes(data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("maps=%d", n), func(b *testing.B) {
			data := manyMaps(b, n)
			for b.Loop() {
				o, err := OpenBytes(data, Options{})
				if err != nil {
					b.Fatal(err)
				}
				loaded, err := o.Load(LoadOptions{})
				if err != nil {
					b.Fatal(err)
				}
				if err := loaded.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
