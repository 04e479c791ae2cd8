// SPDX-License-Identifier: Apache-2.0

package run

import (
	"context"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/loadstone-bpf/loadstone/record"
	"github.com/loadstone-bpf/loadstone/verdict"
)

// A new field of Loader, or of what is made from it, has to be added here, and
// so to what copies it.
func TestNothingOfALoaderIsLost(t *testing.T) {
	bundled := Loader{
		Name: "libbpf", Version: "1.1", Path: "/src/loader.yaml@1.1", Command: []string{"/driver", "-v"}, Env: []string{"A=b"},
		Payload: "/cache/a.cpio", Digest: "da7a",
		Components: map[string]string{"libbpf1": "1.1.2-1"},
	}
	for _, c := range []struct {
		name   string
		loader Loader
		order  record.Order
		about  verdict.Loader
		cell   verdict.Cell
	}{
		{
			"bundle", bundled,
			record.Order{Loader: record.Loader{
				Name: "libbpf@1.1", Bundle: true, Command: []string{"/driver", "-v"},
				Env: []string{"A=b"},
			}},
			verdict.Loader{
				Name: "libbpf@1.1", Path: "/src/loader.yaml@1.1", Digest: "da7a",
				Components: map[string]string{"libbpf1": "1.1.2-1"},
			},
			verdict.Cell{Loader: "libbpf", LoaderVersion: "1.1", LoaderPath: "/src/loader.yaml@1.1"},
		},
		{
			"linked into the guest",
			Loader{Name: "reference", Version: "0.1", Builtin: "reference"},
			record.Order{Loader: record.Loader{Name: "reference@0.1", Builtin: "reference"}},
			verdict.Loader{Name: "reference@0.1"},
			verdict.Cell{Loader: "reference", LoaderVersion: "0.1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var payload string
			k := &fakeKernel{name: "6.12", run: well}
			shown := kernelFunc{k, func(order record.Order, brought Payload) {
				order.Run, order.Kernel, order.Specs, order.Limits = "", "", nil, record.Limits{}
				if diff := cmp.Diff(c.order, order); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
				payload = brought.Bundle
			}}
			p := fakePlan(ByCell, shown)
			p.Loaders = []Loader{c.loader}
			got := &collector{t: t}
			if err := p.Do(t.Context(), got, got); err != nil {
				t.Fatal(err)
			}
			c.cell.Kernel, c.cell.KernelRelease, c.cell.Arch = k.Name(), k.About().Release, k.About().Arch
			c.cell.Isolation = string(ByCell)
			for _, v := range got.all {
				if diff := cmp.Diff(c.cell, v.Cell); diff != "" {
					t.Errorf("cell of %s (-want +got):\n%s", v.Spec, diff)
				}
			}
			if len(got.all) == 0 || payload != c.loader.Payload {
				t.Errorf("%d verdicts, payload %q, want %q", len(got.all), payload,
					c.loader.Payload)
			}
			if diff := cmp.Diff(c.about, c.loader.About()); diff != "" {
				t.Errorf("run file (-want +got):\n%s", diff)
			}
		})
	}
	// The payload of an order is set by native kernels, behind this.
	wantFields(t, bundled, "Builtin")
	wantFields(t, bundled.order(), "Builtin", "Payload")
	wantFields(t, bundled.About())
	wantFields(t, cell{&fakeKernel{name: "6.12"}, bundled}.identity(), "KernelGiven", "KernelPath", "Isolation") // of kernels that a user names, and of a plan
}

// wantFields checks that every field of a struct is set but for those named.
func wantFields(t *testing.T, of any, but ...string) {
	t.Helper()
	var unset []string
	v := reflect.ValueOf(of)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			unset = append(unset, v.Type().Field(i).Name)
		}
	}
	if diff := cmp.Diff(but, unset); diff != "" {
		t.Errorf("fields of %T that nothing sets (-want +got):\n%s", of, diff)
	}
}

// A kernelFunc describes a fakeKernel that shows what a guest is given.
type kernelFunc struct {
	*fakeKernel
	show func(order record.Order, payload Payload)
}

func (k kernelFunc) Run(
	ctx context.Context, order record.Order, payload Payload, hear func(verdict.Heard),
) verdict.Ending {
	k.show(order, payload)
	return k.fakeKernel.Run(ctx, order, payload, hear)
}
