// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/loadstone-bpf/loadstone/vmtest/image"
	"github.com/loadstone-bpf/loadstone/vmtest/kernel"
)

// The tests with a guest need QEMU and a kernel, which is fetched if it is not
// in the cache. They are not skipped where those are missing: they fail.
var testKernel = flag.String("kernel", "6.12",
	"kernel of the tests with a guest: a series or a path")

// testDir holds a folder for what all tests share; TestMain removes it.
var testDir string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "machine-test-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		testDir = dir
		defer os.RemoveAll(dir)
		return m.Run()
	}())
}

// getKernel returns the kernel of the tests.
var getKernel = sync.OnceValues(func() (*kernel.Kernel, error) {
	store, err := kernel.Open(kernel.Options{})
	if err != nil {
		return nil, err
	}
	return store.Get(context.Background(), *testKernel)
})

// testConfig returns a machine with the fault guest.
var getConfig = sync.OnceValues(func() (Config, error) {
	k, err := getKernel()
	if err != nil {
		return Config{}, err
	}
	program := filepath.Join(testDir, "faultguest")
	build := exec.Command("go", "build", "-o", program,
		"github.com/loadstone-bpf/loadstone/vmtest/guest/faultguest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return Config{}, fmt.Errorf("%w: %s", err, out)
	}
	i, err := image.Build(context.Background(),
		image.Options{Kernel: k, Guest: program, Cache: filepath.Join(testDir, "images")})
	if err != nil {
		return Config{}, err
	}
	return Config{Kernel: k.Image, Image: i.Path}.withDefaults()
})

func testConfig(t testing.TB) Config {
	t.Helper()
	c, err := getConfig()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// getTemplate returns the template of testConfig.
var getTemplate = sync.OnceValues(func() (*Template, error) {
	c, err := getConfig()
	if err != nil {
		return nil, err
	}
	return testTemplates().Get(context.Background(), c)
})

func testTemplates() Templates {
	return Templates{
		Cache: filepath.Join(testDir, "templates"),
		Log:   slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
}

func testTemplate(t testing.TB) *Template {
	t.Helper()
	template, err := getTemplate()
	if err != nil {
		t.Fatal(err)
	}
	return template
}

// ran holds all that came out of a VM.
type ran struct {
	records []string
	errs    []error
	end     *Ended
}

// finish reads a VM to its end.
func finish(t testing.TB, vm *VM) ran {
	t.Helper()
	t.Cleanup(vm.Kill)
	var r ran
	for {
		record, err := vm.Next(t.Context())
		if err == io.EOF {
			break
		}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		r.records = append(r.records, string(record.JSON))
	}
	r.end = vm.Wait()
	return r
}

// clone runs an order in a clone of the test template.
func clone(t testing.TB, order string, o Options) ran {
	t.Helper()
	o.Order = []byte(order)
	vm, err := testTemplate(t).Clone(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return finish(t, vm)
}

// report prints what a VM left, for a test that failed.
func (r ran) report(t testing.TB) {
	t.Helper()
	t.Logf("end: %v\nrecords: %q\nerrors: %v\nconsole:\n%s", r.end, r.records, r.errs,
		r.end.Console)
}
