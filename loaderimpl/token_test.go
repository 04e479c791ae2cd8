// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// TestTokensAreRefusedWithAReason asks for tokens in the initial user namespace, which has none;
// suite token asks in others.
func TestTokensAreRefusedWithAReason(t *testing.T) {
	needsBPF(t)
	onBPFFS(t, func(bpffs string) { refuseTokens(t, bpffs) })
}

func refuseTokens(t *testing.T, bpffs string) {
	folder, file := filepath.Join(bpffs, "folder"), filepath.Join(t.TempDir(), "file")
	for _, err := range []error{os.Mkdir(folder, 0o700), os.WriteFile(file, nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		path string
		want []error
	}{
		"no such path":   {filepath.Join(bpffs, "none"), []error{syscall.ENOENT}},
		"a file":         {file, []error{syscall.ENOTDIR}},
		"no bpffs":       {filepath.Dir(file), []error{refuse.ErrNotBPFFS, ClassInvalid}},
		"not the root":   {folder, []error{refuse.ErrTokenRoot, ClassInvalid}},
		"initial userns": {bpffs, []error{syscall.EOPNOTSUPP}},
	} {
		want := c.want
		if !sys.HasTokens() && name != "no such path" && name != "a file" {
			want = []error{refuse.ErrToken, ClassNotInKernel}
		}
		m, err := CreateMap("m", Attributes{Type: ebpf.Hash, KeySize: 4, ValueSize: 4, MaxEntries: 1},
			CreateOptions{TokenPath: c.path})
		if m != nil {
			m.Close()
		}
		for _, w := range want {
			if !errors.Is(err, w) {
				t.Errorf("%s: %v, want %v", name, err, w)
			}
		}
	}
}

func TestWhatIsNotDelegatedIsNamed(t *testing.T) {
	none := &bpfToken{path: "/bpf", fd: -1} // the kernel tells nothing about it
	create := explainCreate(syscall.EPERM, &sys.MapCreateAttr{MapType: uint32(ebpf.LPMTrie)}, none)
	load := explainLoad(syscall.EPERM,
		ProgramKind{Type: ebpf.CGroupSKB, AttachType: ebpf.AttachCGroupInetEgress}, 2, none)
	for want, err := range map[string]error{
		"delegate_cmds=0x1 and delegate_maps=0x800":                            create,
		"delegate_cmds=0x20 and delegate_progs=0x100 and delegate_attachs=0x2": load,
	} {
		if !errors.Is(err, syscall.EPERM) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
