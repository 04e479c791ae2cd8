// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someConfig = `#
# Linux/x86 6.12.1 Kernel Configuration
#
CONFIG_BPF_SYSCALL=y
CONFIG_VETH=m
# CONFIG_FPROBE is not set
CONFIG_LSM="lockdown,bpf"
CONFIG_HZ=250
CONFIG_EMPTY=""

`

func TestSettings(t *testing.T) {
	config, err := ParseConfig(strings.NewReader(someConfig))
	if err != nil {
		t.Fatal(err)
	}
	for symbol, want := range map[string]Setting{
		"BPF_SYSCALL": Yes, "VETH": Modular, "FPROBE": No, "DUMMY": Absent, "LSM": "lockdown,bpf",
		"HZ": "250", "EMPTY": "",
	} {
		if got := config.Has(symbol); got != want {
			t.Errorf("%s is %q, want %q", symbol, got, want)
		}
	}
	if !config.On("BPF_SYSCALL") || !config.On("VETH") || config.On("FPROBE") ||
		config.On("DUMMY") {
		t.Error("On is wrong about one of them")
	}
}

func TestGzippedConfiguration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.gz")
	if err := os.WriteFile(path, compressed(t, ".gz", []byte(someConfig)), 0o644); err != nil {
		t.Fatal(err)
	}
	config, err := ReadConfig(path)
	if err != nil || config.Has("VETH") != Modular {
		t.Errorf("%v, %v", config, err)
	}
}

func TestLinesThatAreNoSetting(t *testing.T) {
	for _, line := range []string{"BPF=y", "CONFIG_BPF", "CONFIG_=y", "CONFIG_BPF=", "\x7fELF"} {
		_, err := ParseConfig(strings.NewReader("CONFIG_A=y\n" + line))
		if err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: error %v", line, err)
		}
	}
}

func TestVerdicts(t *testing.T) {
	config, err := ParseConfig(strings.NewReader("CONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n"))
	if err != nil {
		t.Fatal(err)
	}
	for symbols, want := range map[string]string{
		"A": "built in", "B": "module", "A B": "module", "B A": "module", "C": "missing: CONFIG_C",
		"A C D": "missing: CONFIG_C, CONFIG_D",
		"C|A":   "built in", "C|B": "module", "C|D": "missing: CONFIG_C or CONFIG_D",
		"B|A": "built in",
	} {
		if got := config.Verdict(Feature{Symbols: strings.Fields(symbols)}).String(); got != want {
			t.Errorf("%s: %s, want %s", symbols, got, want)
		}
	}
	if got := len(config.Verdicts()); got != len(Features) {
		t.Errorf("%d verdicts on %d features", got, len(Features))
	}
}

func TestFeaturesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Features {
		if seen[f.Name] || f.What == "" || len(f.Symbols) == 0 {
			t.Errorf("feature %+v", f)
		}
		seen[f.Name] = true
		for _, symbol := range f.Symbols {
			if strings.HasPrefix(symbol, "CONFIG_") || symbol != strings.ToUpper(symbol) {
				t.Errorf("%s: symbol %q", f.Name, symbol)
			}
		}
	}
	got, ok := FindFeature("tc")
	want := Feature{
		"tc", "programs at ingress and egress (tc)",
		[]string{"NET_CLS_ACT", "NET_SCH_INGRESS", "NET_CLS_BPF"},
		[]string{"sch_ingress", "cls_bpf"},
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("found %t (-want +got):\n%s", ok, diff)
	}
	if _, ok := FindFeature("time-travel"); ok {
		t.Error("found a feature that is none")
	}
}

func FuzzConfig(f *testing.F) {
	f.Add(someConfig)
	f.Fuzz(func(t *testing.T, text string) {
		config, err := ParseConfig(strings.NewReader(text))
		if err == nil {
			config.Verdicts()
		}
	})
}
