// SPDX-License-Identifier: Apache-2.0

package hygiene

import (
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// descriptors views those that this process has open.
type descriptors struct {
	folder *folder
	link   []byte
	own    []int // the watch's, ascending: where one is open to something else, its view notices
}

func openDescriptors(own []int) (view, error) {
	folder, err := openFolder("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	own = append(slices.Clone(own), folder.fd)
	slices.Sort(own)
	return &descriptors{folder, make([]byte, unix.PathMax), own}, nil
}

func (d *descriptors) keeps() []int { return []int{d.folder.fd} }

// read appends two strings for each descriptor: its number, and what it is open to.
func (d *descriptors) read(b []byte) ([]byte, error) {
	rest := d.own // the kernel lists descriptors in their order
	err := d.folder.each(func(fd []byte) error {
		if n, ok := number(fd); ok && len(rest) > 0 && rest[0] == n {
			rest = rest[1:]
			return nil
		}
		n, err := unix.Readlinkat(d.folder.fd, string(fd), d.link)
		if isGone(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("descriptor %s: %w", fd, err)
		}
		b = append(append(b, fd...), 0)
		b = append(append(b, d.link[:n]...), 0)
		return nil
	})
	for _, lost := range rest {
		b = strconv.AppendInt(b, int64(lost), 10)
		b = append(b, "\x00the watch's own, closed\x00"...)
	}
	return b, err
}

func (d *descriptors) things(seen []byte) ([]thing, error) {
	var all []thing
	err := pairs(seen, func(fd, target string) {
		all = append(all, thing{
			kind: Descriptor, key: fd, name: "descriptor " + fd + " to " + target, state: target,
		})
		if isNamespace(target) {
			all = append(all, thing{
				kind: Namespace, key: "descriptor " + fd,
				name: "namespace " + target + " of descriptor " + fd,
			})
		}
	})
	return all, err
}
