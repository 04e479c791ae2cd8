// SPDX-License-Identifier: Apache-2.0

package record

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOrderComesBackAsItWas(t *testing.T) {
	for name, order := range map[string]Order{
		"nothing": {},
		"linked in": {
			Run: "20261122-001500-0a1b2c3d", Kernel: "6.12",
			Specs:  []string{"mapdefs.use.program-sees-map/hash"},
			Loader: Loader{Name: "reference@0.1", Builtin: "reference"}, Limits: DefaultLimits,
		},
		"a bundle": {
			Kernel: "./some kernel, with \"quotes\"", Specs: []string{"a.b", "a.c"},
			Loader: Loader{
				Name: "libbpf@1.1", Bundle: true, Command: []string{"/driver", "-v", ""},
				Env: []string{"A=b c", "GOGC=off"}, Payload: "/x/y",
			},
			Limits: Limits{Request: time.Second, Spec: -1}, Watch: true, Key: "k", Files: true, Shell: `{"rows":24}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := order.Text()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "\n") {
				t.Errorf("more than a line: %q", text)
			}
			got, err := ParseOrder(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(order, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOrderThatIsNoLine(t *testing.T) {
	for name, order := range map[string]Order{
		"line end in a name":         {Kernel: "a\nb"},
		"separator in a name":        {Kernel: "a\x1fb"},
		"separator in an element":    {Specs: []string{"a\x1eb"}},
		"list of one empty string":   {Loader: Loader{Env: []string{""}}},
		"zero byte in an argument":   {Loader: Loader{Command: []string{"a\x00"}}},
		"list separator in a string": {Run: "a\x1eb"},
	} {
		t.Run(name, func(t *testing.T) {
			if text, err := order.Text(); !errors.Is(err, ErrOrder) {
				t.Errorf("%q, error %v, want %v", text, err, ErrOrder)
			}
		})
	}
}

func TestBadOrder(t *testing.T) {
	good, err := Order{Run: "r", Limits: DefaultLimits}.Text()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty":            "",
		"JSON":             `{"run":"r"}`,
		"another version":  strings.Replace(string(good), orderVersion, "1", 1),
		"a field too few":  string(good[:strings.LastIndex(string(good), fieldSeparator)]),
		"a field too many": string(good) + fieldSeparator,
		"a limit in words": strings.Replace(string(good), "20000000000", "soon", 1),
		"neither 0 nor 1": strings.Replace(string(good), fieldSeparator+"0"+fieldSeparator,
			fieldSeparator+"2"+fieldSeparator, 1),
	} {
		t.Run(name, func(t *testing.T) {
			if order, err := ParseOrder([]byte(text)); !errors.Is(err, ErrOrder) {
				t.Errorf("%+v, error %v, want %v", order, err, ErrOrder)
			}
		})
	}
}

func TestScaleOfLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		limits Limits
		want   float64
	}{
		"default":       {DefaultLimits, 1},
		"longer":        {DefaultLimits.Times(6), 6},
		"shorter":       {DefaultLimits.Times(0.5), 1},
		"none":          {Limits{}, 1},
		"unlike, lower": {Limits{Request: time.Hour, Spec: 2 * DefaultLimits.Spec}, 2},
	} {
		if got := tt.limits.Scale(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
