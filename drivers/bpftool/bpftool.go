// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// New returns bpftool as a loader.
func New() loader.Loader { return command.New(&tool{}) }

type tool struct {
	version string // its own
	libbpf  string // the version that is built in
	pins    *pins  // made by hello
}

var errVersion = errors.New("it does not say which bpftool it is")

// Hello implements [command.Tool].
func (t *tool) Hello(ctx context.Context, _ loader.Hello) (*loader.OK, error) {
	output, err := command.Output(ctx, []string{bpftool, "version", "-j"}, command.Environment{})
	if err != nil {
		return nil, fmt.Errorf("bpftool version: %w: %s", err, output)
	}
	version, libbpf, err := parseVersion(output)
	if err != nil {
		return nil, err
	}
	if t.pins == nil {
		if t.pins, err = newPins(); err != nil {
			return nil, err
		}
	}
	t.version, t.libbpf = version, libbpf
	return &loader.OK{
		Loader: &loader.Identity{
			Name: "bpftool", Version: version, Language: "c", Homepage: "https://bpftool.dev",
			Issues:     "https://github.com/libbpf/bpftool/issues",
			Components: map[string]string{"libbpf": libbpf},
		},
		Features: claimsOf(version, libbpf),
	}, nil
}

// beforeOwnVersions stands for the libbpf of a bpftool that has its kernel's version, as it had
// before 6.0: one of 0.x, it does not say which.
const beforeOwnVersions = "0"

// parseVersion reads what bpftool version -j prints: {"version":"7.1.0","libbpf_version":"1.1",…};
// before 5.19 without that of libbpf.
func parseVersion(output string) (version, libbpf string, err error) {
	var printed struct {
		Version string `json:"version"`
		Libbpf  string `json:"libbpf_version"`
	}
	if err := json.Unmarshal([]byte(output), &printed); err != nil || printed.Version == "" {
		return "", "", fmt.Errorf("%w: %q", errVersion, output)
	}
	if printed.Libbpf == "" {
		printed.Libbpf = beforeOwnVersions
	}
	return printed.Version, printed.Libbpf, nil
}

// Open implements [command.Tool].
func (t *tool) Open(open loader.Open) (command.Session, *loader.Unsupported) {
	o := open.Options
	switch {
	case len(o.Handlers) > 0:
		return nil, command.Unsupported(loader.CallbackMaps, command.NoCallbacks)
	case o.PinMount != "" || len(o.PinIDs) > 0:
		return nil, command.Unsupported(loader.Iproute2Maps, "bpf_elf_map is not read")
	case o.Kconfig != "":
		return nil, command.Unsupported("kconfig", command.NoKconfig)
	case o.TokenPath != "":
		return nil, command.Unsupported(loader.BPFToken, command.NoTokenPath)
	case o.KernelTypes != "":
		return nil, command.Unsupported(loader.CustomBTF, command.NoTypes)
	case len(o.ExtraTypes) > 0:
		return nil, command.Unsupported(loader.SplitBTF, command.NoTypes)
	case o.MapLayout != "" &&
		!(o.MapLayout == loader.LegacyLayout && command.BeforeLibbpf1(t.libbpf)):
		return nil, command.Unsupported("map_layout", "section maps cannot be read as %s",
			o.MapLayout)
	}
	return &session{
		tool: t, open: open, attached: map[string]command.Values{}, stay: map[string]bool{},
		structures: map[string]structure{}, handed: map[string]string{},
	}, nil
}

// Link implements [command.Linker].
func (t *tool) Link(ctx context.Context, r loader.Link) (loader.Reply, error) {
	if command.BeforeLibbpf1(t.libbpf) {
		return command.Unsupported(loader.StaticLink, "gen object is there since Linux 5.13"), nil
	}
	return done(table.Run(ctx, loader.OpLink,
		command.Values{"output": {r.Output}, "inputs": r.Inputs}, command.Environment{}))
}

// done returns ok unless the command refused.
func done(reply loader.Reply, err error) (loader.Reply, error) {
	if reply == nil && err == nil {
		return &loader.OK{}, nil
	}
	return reply, err
}
