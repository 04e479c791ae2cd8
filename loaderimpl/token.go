// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/refuse"
	"github.com/loadstone-bpf/loadstone/loaderimpl/internal/sys"
)

// A bpfToken lets a load in a user namespace do what was delegated to a bpffs of that namespace.
// Nil stands for no token.
type bpfToken struct {
	fd   int
	path string // where the bpffs is mounted
}

// openToken makes a token of the bpffs that is mounted at path. It returns nil for an empty path.
func openToken(path string) (*bpfToken, error) {
	if path == "" {
		return nil, nil
	}
	fd, err := sys.CreateToken(path)
	if err != nil {
		return nil, refuse.At(refuse.StageLoad, "", "",
			fmt.Errorf("token of %s: %w", path, explainToken(err, path)))
	}
	return &bpfToken{fd: fd, path: path}, nil
}

// descriptor returns the token's descriptor, 0 for none.
func (t *bpfToken) descriptor() int {
	if t == nil {
		return 0
	}
	return t.fd
}

// close closes the token. What was made with it needs it no more, or holds it (bpf_prog_load).
func (t *bpfToken) close() {
	if t != nil {
		sys.Close(t.fd)
	}
}

// explainToken explains BPF_TOKEN_CREATE (bpf_token_create), and opening the path for it. A kernel
// without tokens is told by asking it, and not by an errno: it says EINVAL, or EPERM to those who
// may not use bpf(2) at all, both of which mean other things to a kernel that has them.
func explainToken(err error, path string) error {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EPERM) {
		if !sys.HasTokens() {
			return fmt.Errorf("%w: %w", refuse.ErrToken, err)
		}
	}
	switch {
	case errors.Is(err, syscall.EINVAL):
		onBPFFS, statErr := sys.OnBPFFS(path)
		if statErr != nil || onBPFFS {
			return fmt.Errorf("%w: %w", refuse.ErrTokenRoot, err)
		}
		return fmt.Errorf("%w: %w", refuse.ErrNotBPFFS, err)
	case errors.Is(err, syscall.EPERM):
		if lacks, asked := sys.Lacks(sys.BPF); asked == nil && len(lacks) > 0 {
			return hint(err, "it takes CAP_BPF in the user namespace of the bpffs")
		}
		return hint(err, "the bpffs is of another user namespace: call fsopen in the one that loads, "+
			"and let who has CAP_SYS_ADMIN set delegate_* and mount it")
	case errors.Is(err, syscall.EOPNOTSUPP):
		return hint(err, "tokens are for user namespaces other than the initial one, where "+
			"capabilities do: leave the token out")
	case errors.Is(err, syscall.ENOENT):
		if _, statErr := sys.OnBPFFS(path); statErr != nil {
			return err // no such path
		}
		return hint(err, "nothing is delegated to the bpffs: mount it with delegate_cmds, "+
			"delegate_maps, delegate_progs and delegate_attachs")
	}
	return explainDescriptors(err)
}

// explain explains EPERM for a call that was made with the token: what the bpffs does not delegate,
// where the kernel tells, or what it has to delegate.
func (t *bpfToken) explain(err error, needs sys.Grant, rights ...sys.Right) error {
	if lacks, asked := sys.Lacks(rights...); asked == nil && len(lacks) > 0 {
		return explainRights(err, rights...)
	}
	has, unknown := sys.DelegatedBy(t.fd)
	if unknown != nil {
		has = new(sys.Delegated)
	}
	var options []string
	for _, o := range []struct {
		name       string
		needs, has uint64
	}{
		{"delegate_cmds", needs.Commands, has.Commands},
		{"delegate_maps", needs.Maps, has.Maps},
		{"delegate_progs", needs.Programs, has.Programs},
		{"delegate_attachs", needs.Attachments, has.Attachments},
	} {
		if missing := o.needs &^ o.has; missing != 0 {
			options = append(options, fmt.Sprintf("%s=%#x", o.name, missing))
		}
	}
	switch {
	case len(options) == 0:
		return hint(err, "the token of %s allows it: a security module refuses", t.path)
	case unknown != nil:
		return hint(err, "the token of %s does not allow it: mount that bpffs with at least %s",
			t.path, strings.Join(options, " and "))
	}
	return hint(err, "the bpffs at %s does not delegate it: mount it with %s as well", t.path,
		strings.Join(options, " and "))
}
