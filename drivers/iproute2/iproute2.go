// SPDX-License-Identifier: Apache-2.0

package iproute2

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// New returns iproute2 as a loader, built with libbpf.
func New() loader.Loader { return command.New(&tool{name: "iproute2"}) }

// NewBuiltin returns iproute2 as a loader, built without libbpf.
func NewBuiltin() loader.Loader { return command.New(&tool{name: builtin}) }

const builtin = "iproute2-builtin"

type tool struct {
	name   string
	libbpf string // the version that it was built with; none, if empty
	bpffs  string // the conversation's own
}

var (
	errVersion = errors.New("it does not say which iproute2 it is")
	errLibbpf  = errors.New("tc is not the one that is meant")
)

// Hello implements [command.Tool].
func (t *tool) Hello(ctx context.Context, hello loader.Hello) (*loader.OK, error) {
	output, err := command.Output(ctx, []string{tc, "-V"}, command.Environment{})
	if err != nil {
		return nil, fmt.Errorf("tc -V: %w: %s", err, output)
	}
	version, libbpf, err := parseVersion(output)
	switch {
	case err != nil:
		return nil, err
	case (t.name == builtin) != (libbpf == ""):
		return nil, fmt.Errorf("%w: %s says %q", errLibbpf, t.name, output)
	}
	t.libbpf, t.bpffs = libbpf, hello.Dirs.BPFFS
	ok := &loader.OK{
		Loader: &loader.Identity{
			Name: t.name, Version: version, Language: "c",
			Homepage: "https://wiki.linuxfoundation.org/networking/iproute2",
			Issues:   "https://lore.kernel.org/netdev/",
		},
		Features: claimsOf(libbpf),
	}
	if libbpf != "" {
		ok.Loader.Components = map[string]string{"libbpf": libbpf}
	}
	return ok, nil
}

var versionText = regexp.MustCompile(`(?m)^(?:tc|ip) utility, iproute2-v?([0-9][0-9.]*)(?:, libbpf v?([0-9][0-9.]*))?`)

// parseVersion reads what tc -V prints: "tc utility, iproute2-6.1.0, libbpf 1.1.2", without the
// libbpf where there is none. It tells the version of libbpf by the name of the shared library, and
// that may be no more than "libbpf.so.1".
func parseVersion(output string) (version, libbpf string, err error) {
	found := versionText.FindStringSubmatch(output)
	if found == nil {
		return "", "", fmt.Errorf("%w: %q", errVersion, output)
	}
	return found[1], found[2], nil
}

// Open implements [command.Tool]. tc and ip take the mount of bpffs from TC_BPF_MNT. Any folder of
// a bpffs will do there, so each session gets one of its own.
func (t *tool) Open(open loader.Open) (command.Session, *loader.Unsupported) {
	o := open.Options
	mount := o.PinMount
	if mount == "" {
		mount = t.bpffs
	}
	if o.PinRoot != "" {
		root, ok := mountOf(o.PinRoot)
		if !ok || o.PinMount != "" && root != path.Clean(o.PinMount) {
			return nil, command.Unsupported(loader.Pinning,
				"maps are pinned by name in MOUNT/tc/globals, not in %s", o.PinRoot)
		}
		mount = root
	}
	switch {
	case o.IgnoreUnknownFields:
		return nil, command.Unsupported(loader.IgnoreUnknown, "%s",
			claimsOf(t.libbpf)[loader.IgnoreUnknown].Reason)
	case o.Kconfig != "":
		return nil, command.Unsupported("kconfig", command.NoKconfig)
	case o.TokenPath != "":
		return nil, command.Unsupported(loader.BPFToken, command.NoTokenPath)
	case o.KernelTypes != "":
		return nil, command.Unsupported(loader.CustomBTF, command.NoTypes)
	case len(o.ExtraTypes) > 0:
		return nil, command.Unsupported(loader.SplitBTF, command.NoTypes)
	case len(o.Handlers) > 0:
		return nil, command.Unsupported(loader.CallbackMaps, command.NoCallbacks)
	case !t.reads(o.MapLayout):
		return nil, command.Unsupported("map_layout",
			"%s cannot be told to read section maps as %s", t.name, o.MapLayout)
	}
	return &session{tool: t, open: open, mount: mount}, nil
}

// reads reports whether the loader reads a layout of section maps anyway, since it cannot be told.
// Built with libbpf 1.0 or later it does not read its own layout. It reads a bpf_map_def as the
// start of its own struct, and does not refuse what follows it.
func (t *tool) reads(layout loader.MapLayout) bool {
	return layout == "" || layout == loader.IPRoute2Layout &&
		(t.libbpf == "" || command.BeforeLibbpf1(t.libbpf))
}

// mountOf returns the mount of bpffs that a folder of pins stands for.
func mountOf(root string) (string, bool) {
	root = path.Clean(root)
	for _, folder := range []string{"/tc/globals", "/xdp/globals"} {
		if mount, ok := strings.CutSuffix(root, folder); ok && mount != "" {
			return mount, true
		}
	}
	return "", false
}
