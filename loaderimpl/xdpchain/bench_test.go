// SPDX-License-Identifier: Apache-2.0

package xdpchain

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// passing opens so many objects of a program that lets a packet pass, each of another name.
func passing(b *testing.B, n int) []Component {
	b.Helper()
	data, err := os.ReadFile("testdata/passes.bpfel.o")
	if err != nil {
		b.Fatal(err)
	}
	all := make([]Component, n)
	for i := range all {
		named := bytes.ReplaceAll(data, []byte("passes"), fmt.Appendf(nil, "passe%d", i))
		o, err := loaderimpl.OpenBytes(named, loaderimpl.Options{Name: "passes"})
		if err != nil {
			b.Fatal(err)
		}
		all[i].Object = o
	}
	return all
}

// perPacket reports what a program costs for a packet, by BPF_PROG_TEST_RUN.
func perPacket(b *testing.B, p *ebpf.Program) {
	b.Helper()
	const packets = 1_000_000
	for b.Loop() {
		_, each, err := p.Benchmark(make([]byte, 64), packets, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(each.Nanoseconds()), "ns/packet")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPacket has the cost of a packet in a plain program, in static chains and in dynamic ones
// of several lengths. Dynamic ones take a kernel with extensions.
func BenchmarkPacket(b *testing.B) {
	b.Run("plain", func(b *testing.B) {
		loaded, err := passing(b, 1)[0].Object.Load(loaderimpl.LoadOptions{})
		if err != nil {
			b.Fatal(err)
		}
		perPacket(b, loaded.Programs["passe0"])
	})
	for _, kind := range []string{"static", "dynamic"} {
		for _, n := range []int{1, 2, 5, 10} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				options := Options{BPFFS: inOwnNetwork(b), Mode: loaderimpl.XDPGeneric}
				chain := on(b, kind, passing(b, n), options)
				p, err := ebpf.NewProgramFromID(chain.Dispatcher)
				if err != nil {
					b.Fatal(err)
				}
				defer p.Close()
				perPacket(b, p)
				if _, err := Remove(b.Context(), loopback, nil, options); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// on makes a chain on lo.
func on(b *testing.B, kind string, parts []Component, options Options) *Chain {
	b.Helper()
	add := func() (*Chain, error) {
		chain, _, err := Add(b.Context(), loopback, parts, options)
		return chain, err
	}
	if kind == "static" {
		add = func() (*Chain, error) {
			chain, _, err := AddStatic(b.Context(), loopback, parts, options)
			return chain, err
		}
	}
	chain, err := add()
	if err != nil {
		b.Fatal(err)
	}
	return chain
}
