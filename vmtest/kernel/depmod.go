// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
)

// WriteDep writes modules.dep for all modules, as depmod(8) does: a line per
// module with all that it needs, the first to be loaded last. It reads every
// module, and so checks that each is whole and of the kernel's release.
func (m *Modules) WriteDep(w io.Writer) error {
	if err := m.readAll(); err != nil {
		return err
	}
	text := &strings.Builder{}
	for _, name := range m.Names() {
		order, err := m.Closure(name)
		if err != nil {
			return err
		}
		last := len(order) - 1
		fmt.Fprintf(text, "%s:", order[last].File)
		for i := last - 1; i >= 0; i-- {
			text.WriteString(" " + order[i].File)
		}
		text.WriteString("\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// readAll reads what all modules say about themselves, on all processors.
func (m *Modules) readAll() error {
	names := m.Names()
	infos := make([]*modinfo, len(names))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		if m.read[name] != nil {
			continue
		}
		group.Go(func() (err error) {
			infos[i], err = m.check(name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, info := range infos {
		if info != nil {
			m.read[names[i]] = info
		}
	}
	return nil
}
