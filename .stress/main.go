package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/vmtest/arch"
	"github.com/loadstone-bpf/loadstone/vmtest/image"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
	"github.com/loadstone-bpf/loadstone/vmtest/machine"
)

func main() {
	k := flag.String("kernel", "6.18", "")
	n := flag.Int("n", 300, "")
	j := flag.Int("j", 3, "")
	cpu := flag.String("cpu", "", "")
	nodes := flag.Int("nodes", 2, "")
	spec := flag.String("spec", "mapdefs.btf.size-conflict-refused/value-type-first", "")
	args := flag.String("args", "", "")
	flag.Parse()
	ctx := context.Background()
	store, err := kernel.Open(kernel.Options{})
	must(err)
	kk, err := store.Get(ctx, *k)
	must(err)
	dir, err := os.MkdirTemp("", "stress-")
	must(err)
	defer os.RemoveAll(dir)
	img, err := image.Build(ctx, image.Options{Kernel: kk, Guest: filepath.Join("bin", "loadstone-guest"), Cache: dir})
	must(err)
	a, err := arch.ByName("amd64")
	must(err)
	if *cpu != "" {
		a.CPU = *cpu
	}
	c := machine.Config{Kernel: kk.Image, Image: img.Path, Accel: machine.TCG, Arch: a}
	if *args != "" {
		c.KernelArgs = []string{*args}
	}
	for i := 0; i < *nodes; i++ {
		c.Nodes = append(c.Nodes, machine.Node{CPUs: 1, MemoryMiB: 512})
	}
	t, err := machine.Templates{Cache: filepath.Join(dir, "t")}.Get(ctx, c)
	must(err)
	defer t.Close()
	order, _ := json.Marshal(record.Order{Run: "s", Kernel: "s", Specs: []string{*spec}, Loader: record.Loader{Name: "reference", Builtin: "reference"}, Limits: record.Limits{Request: 20 * time.Second, Spec: time.Minute}})
	var mu sync.Mutex
	bad, done := 0, 0
	work := make(chan int)
	var wg sync.WaitGroup
	start := time.Now()
	for w := 0; w < *j; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range work {
				vm, err := t.Clone(ctx, machine.Options{Order: order, Deadlines: machine.Deadlines{Silence: 5 * time.Second}})
				if err != nil {
					fmt.Println(i, "clone:", err)
					continue
				}
				var lines []string
				ok := true
				pass := false
				for {
					r, err := vm.Next(ctx)
					if err == io.EOF {
						break
					}
					if err != nil {
						lines = append(lines, "ERR "+err.Error())
						ok = false
						continue
					}
					s := string(r.JSON)
					if len(s) > 150 {
						s = s[:150]
					}
					lines = append(lines, s)
					p, err := record.Parse(r.JSON)
					if err != nil {
						ok = false
					}
					if f, is := p.(record.Finish); is && f.Outcome == record.Passed {
						pass = true
					}
				}
				e := vm.Wait()
				mu.Lock()
				done++
				if !ok || !pass || e.Err() != nil {
					bad++
					fmt.Printf("=== %d: pass %v end %v\n", i, pass, e)
					for _, l := range lines {
						fmt.Println("   ", l)
					}
					fmt.Printf("console: %s\n", e.Console)
				}
				mu.Unlock()
			}
		}()
	}
	for i := 0; i < *n; i++ {
		work <- i
	}
	close(work)
	wg.Wait()
	fmt.Printf("%s cpu=%q nodes=%d: %d of %d bad, %.2f s each\n", *k, *cpu, *nodes, bad, done, time.Since(start).Seconds()/float64(done))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
