// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/loadstone-bpf/loadstone/loader"
	"github.com/loadstone-bpf/loadstone/oracle"
)

// leave has the loader give everything up, and notes what stays in the kernel.
func (x *Execution) leave() {
	if x.dirs == (loader.Dirs{}) {
		return // it never began
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), x.run.farewell())
	defer cancel()
	for _, c := range x.conversations() {
		x.note(c.giveUp(ctx))
	}
	x.note(x.unpin())
	left, err := x.beyond(ctx, x.before)
	x.note(err)
	x.left = append(x.left, left...)
	for _, c := range x.conversations() {
		x.note(c.bye(ctx))
	}
}

// unpin removes every pin, so that what it holds is freed, and notes those that may not stay.
func (x *Execution) unpin() error {
	pins, err := oracle.Pins(x.witness.BPFFS)
	for _, pin := range pins {
		if !slices.Contains(x.kept, pin) {
			x.left = append(x.left, oracle.Object{Kind: oracle.KindPin, Name: pin})
		}
		err = errors.Join(err, os.Remove(filepath.Join(x.witness.BPFFS, pin)))
	}
	return err
}

// note keeps the first trouble.
func (x *Execution) note(err error) {
	if x.trouble == nil {
		x.trouble = err
	}
}
