// SPDX-License-Identifier: Apache-2.0

package hygiene

import "bytes"

// pins views all that is in every bpffs that this process sees.
type pins struct {
	keepsNothing
	mounts *mounts
	tree   tree
}

func openPins(m *mounts, o Options) view { return &pins{mounts: m, tree: tree{except: o.Except}} }

func (p *pins) read(b []byte) ([]byte, error) {
	var err error
	for _, m := range p.mounts.bpffs {
		if b, err = p.tree.appendTo(b, m.point); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (p *pins) things(seen []byte) ([]thing, error) { return filesIn(seen, Pin, "pin ") }

// filesIn returns the files of a tree as things of a kind.
func filesIn(seen []byte, kind Kind, prefix string) ([]thing, error) {
	all := make([]thing, 0, bytes.Count(seen, []byte{0})/2)
	err := pairs(seen, func(path, state string) {
		all = append(all, thing{kind: kind, name: prefix + path, state: state})
	})
	return all, err
}
