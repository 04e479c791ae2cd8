// SPDX-License-Identifier: Apache-2.0

package structops

import (
	"fmt"
	"strconv"
	"strings"
)

// mapNameLength is how many bytes of a map's name the kernel keeps (BPF_OBJ_NAME_LEN, with the 0
// that ends it).
const mapNameLength = 15

// idPrefix begins what can only be an id: a name may be all digits.
const idPrefix = "id:"

// Find returns the structure of that name or id, where an id may also be written id:41. A name is
// the structure's own or its map's; of a map's name the kernel keeps 15 bytes, so a longer one
// finds those that begin so. The error wraps [ErrNotThere], or is an [AmbiguousError] where several
// have the name, or one has it as its name and another as its id.
func Find(all []Structure, nameOrID string) (Structure, error) {
	var found []Structure
	for _, s := range all {
		if s.has(nameOrID) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return Structure{}, fmt.Errorf("%s: %w: no structure of the kernel has this name or id "+
			"(see loadstone ops list)", nameOrID, ErrNotThere)
	case 1:
		return found[0], nil
	}
	return Structure{}, &AmbiguousError{Name: nameOrID, Have: found}
}

func (s *Structure) has(nameOrID string) bool {
	number, isID := strings.CutPrefix(nameOrID, idPrefix)
	if id, err := strconv.ParseUint(number, 10, 32); err == nil && uint32(id) == s.ID {
		return true
	}
	return !isID && nameOrID != "" && (nameOrID == s.Name || Shortened(nameOrID) == s.Map)
}

// Shortened returns as much of a map's name as the kernel keeps.
func Shortened(name string) string { return name[:min(len(name), mapNameLength)] }
