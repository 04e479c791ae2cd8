// SPDX-License-Identifier: Apache-2.0

package xdptools

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// New returns xdp-loader as a loader.
func New() loader.Loader { return command.New(&tool{}) }

type tool struct {
	bpffs string // the conversation's own: chains are pinned there
}

var errVersion = errors.New("it does not say which xdp-tools it is")

// Hello implements [command.Tool].
func (t *tool) Hello(ctx context.Context, hello loader.Hello) (*loader.OK, error) {
	// Every version has a file /run/xdp-loader.lck for a moment, and prints the version with status
	// 1, as it does its help.
	if err := os.MkdirAll("/run", 0o755); err != nil {
		return nil, err
	}
	output, err := command.Output(ctx, []string{xdpLoader, "status", "--version"},
		command.Environment{})
	version, libbpf, unread := parseVersion(output)
	if unread != nil {
		return nil, errors.Join(unread, err)
	}
	t.bpffs = hello.Dirs.BPFFS
	return &loader.OK{
		Loader: &loader.Identity{
			Name: "xdptools", Version: version, Language: "c",
			Homepage:   "https://github.com/xdp-project/xdp-tools",
			Issues:     "https://github.com/xdp-project/xdp-tools/issues",
			Components: map[string]string{"libbpf": libbpf},
		},
		Features: claims(),
	}, nil
}

var versionText = regexp.MustCompile(
	`(?m)^xdp-loader version v?([0-9][0-9.]*) using libbpf version v?([0-9][0-9.]*)`)

// parseVersion reads "xdp-loader version 1.3.1 using libbpf version 1.1.2".
func parseVersion(output string) (version, libbpf string, err error) {
	found := versionText.FindStringSubmatch(output)
	if found == nil {
		return "", "", fmt.Errorf("%w: %q", errVersion, output)
	}
	return found[1], found[2], nil
}

// Open implements [command.Tool].
func (t *tool) Open(open loader.Open) (command.Session, *loader.Unsupported) {
	o := open.Options
	switch {
	case o.IgnoreUnknownFields:
		return nil, command.Unsupported(loader.IgnoreUnknown, "there is no option for it")
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
	case o.MapLayout != "":
		return nil, command.Unsupported("map_layout", "section maps cannot be read as %s",
			o.MapLayout)
	}
	return &session{tool: t, open: open}, nil
}

// environment returns what a command is run in that is to have its pins in a bpffs.
func environment(bpffs string) command.Environment {
	return command.Environment{Env: []string{bpffsVariable + bpffs}}
}

// wordsOf returns actions as the option -A takes them.
func wordsOf(actions []loader.XDPAction) []string {
	if len(actions) == 0 {
		return nil
	}
	all := make([]string, len(actions))
	for i, a := range actions {
		all[i] = "XDP_" + strings.ToUpper(string(a))
	}
	return []string{"-A", strings.Join(all, ",")}
}
