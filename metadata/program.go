// SPDX-License-Identifier: Apache-2.0

package metadata

// Prefix begins the names of variables that are metadata. It is bpftool's rule
// (BPF_METADATA_PREFIX), and other tools follow it.
const Prefix = "bpf_metadata_"

// A Program is a program with the metadata that it holds.
type Program struct {
	ID      uint32   `json:"id,omitempty"`      // in the kernel; 0 for one of an object
	Name    string   `json:"name"`              // in full where its BTF has it
	Type    string   `json:"type,omitempty"`    // the kernel's name, lower case: "xdp"; "" for one of an object
	Section string   `json:"section,omitempty"` // of an object; "" for one in the kernel
	Tag     string   `json:"tag,omitempty"`     // digest of its instructions, 16 hex digits
	Pins    []string `json:"pins,omitempty"`    // paths, sorted

	// Metadata lists variables map by map, in the order in which the program holds the maps, and by
	// offset. A name may be there more than once: in two sections, or of two static variables.
	Metadata []Variable `json:"metadata"`
}

// A Variable is one variable of metadata.
type Variable struct {
	Name  string `json:"name"` // without the prefix
	Type  string `json:"type"` // in C: "const char[11]"
	Value Value  `json:"value"`

	Section string `json:"section"`            // that the object has it in: ".rodata"
	Map     uint32 `json:"map,omitempty"`      // id in the kernel; 0 in an object
	MapName string `json:"map_name,omitempty"` // in the kernel, at most 15 bytes
}
