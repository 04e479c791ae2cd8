// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/loadstone-bpf/loadstone/loaderimpl"
)

// ReadObject returns the programs of an object, each with the metadata that it will hold once it is
// loaded. The kernel is not asked, and the object may be of either byte order. The error wraps
// [ErrNotThere] if there is no such file, and [ErrRefused] if the reference loader refuses it.
func ReadObject(path string) ([]Program, error) {
	object, err := loaderimpl.Open([]string{path}, loaderimpl.Options{})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %w", ErrNotThere, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	found, err := metadataOf(object)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	all := []Program{}
	for _, p := range object.Programs() {
		all = append(all, Program{Name: p.Name(), Section: p.Section(), Metadata: found})
	}
	return all, nil
}

// metadataOf returns the metadata of an object, all of which each of its programs will hold.
func metadataOf(object *loaderimpl.Object) ([]Variable, error) {
	found := []Variable{}
	variables, err := object.Variables()
	if err != nil || len(variables) == 0 {
		return found, err
	}
	types, err := object.Types()
	if err != nil {
		return nil, err
	}
	for _, v := range variables {
		name, is := strings.CutPrefix(v.Name, Prefix)
		if !is || !v.ReadOnly {
			continue
		}
		t, err := types.TypeByID(v.Type)
		if err != nil {
			return nil, fmt.Errorf("type of %s: %w", v.Name, err)
		}
		found = append(found, Variable{
			Name: name, Type: cType(t), Value: valueOf(t, v.Value, object.ByteOrder()),
			Section: v.Section,
		})
	}
	return found, nil
}
