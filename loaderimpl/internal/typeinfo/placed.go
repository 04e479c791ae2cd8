// SPDX-License-Identifier: Apache-2.0

package typeinfo

// optionsSection is the section that BTF lists the kernel's options for, and that no object has.
const optionsSection = ".kconfig"

// Linkages of variables (include/uapi/linux/btf.h).
const (
	linkageGlobal = 1 // BTF_VAR_GLOBAL_ALLOCATED
	linkageExtern = 2 // BTF_VAR_GLOBAL_EXTERN
)

// A Placed says where variables are that a list of BTF's has and no section of the object: the
// loader makes what holds them.
type Placed struct {
	Size      uint32 // of what holds them, bytes
	Variables []PlacedVariable
}

// A PlacedVariable says where one variable is.
type PlacedVariable struct {
	Index        int    // in BTF's list
	Offset, Size uint32 // bytes
}

// appendPlaced writes a list of variables. Those that the object does not refer to have no place,
// and are left out.
func (w *writer) appendPlaced(name uint32, r *Record, placed *Placed) {
	w.appendWords(name, uint32(KindDatasec)<<24|uint32(len(placed.Variables)), placed.Size)
	for _, v := range placed.Variables {
		w.appendWords(w.types.order.Uint32(r.Data[12*v.Index:]), v.Offset, v.Size)
	}
}
