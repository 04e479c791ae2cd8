// SPDX-License-Identifier: Apache-2.0

package typeinfo

import "strings"

// A Vintage says how old the kernel is that types are written for. A kernel refuses all types of an
// object for one that it does not know, so what came after a kernel becomes what is nearest to it.
// Each vintage includes those before it.
//
// What a kernel knows is found out by trying, the newest first: distributions take changes back to
// older releases, and a kernel that knows tags but not signed enums shall still get the tags.
type Vintage int

// The vintages, named by the release of Linux that learned what they leave out.
const (
	AsCompiled Vintage = iota

	// PlainNames leaves out what no kernel takes: names that are not C's of ASCII, as C++, Rust and
	// UTF-8 make them (btf_name_valid_identifier), names of 512 bytes or more, and variables
	// without bytes.
	PlainNames

	Before6_15 // kind_flag on tags: 53ee0d66d7a6, "bpf: allow kind_flag for BTF type and decl tags"
	Before6_12 // names of sections with more than letters, digits, _ and dots (btf_name_valid_section)
	Before6_1  // names of 128 bytes or more: KSYM_NAME_LEN, b8a94bfb3395
	Before6_0  // enums of 64 bits, and kind_flag on enums, which says that values are signed: 6089fb325cf7
	Before5_17 // tags of types: 8c42d2fa4eea
	Before5_16 // tags of declarations: b5ea834dde6b
	Before5_13 // floats: b1828f0b0482

	Oldest = Before5_13
)

// Bits of BTF's words (include/uapi/linux/btf.h).
const (
	kindFlag  = 1 << 31 // of a record's info
	intSigned = 1 << 24 // BTF_INT_SIGNED, of an integer's encoding
)

// longestName returns the bytes of the longest name that every kernel of the vintage takes.
func (v Vintage) longestName() int {
	switch {
	case v >= Before6_1:
		return 127
	case v >= PlainNames:
		return 511
	}
	return 1 << 20
}

// takesAnyName reports whether kernels of the vintage let the names of a kind have any characters.
func (v Vintage) takesAnyName(k Kind) bool {
	switch k {
	case KindInt, KindFloat, KindDeclTag, KindTypeTag:
		return true
	case KindDatasec:
		return v < Before6_12
	}
	return v < PlainNames
}

// name returns the offset of a name that the kernel takes for the one that words begin with: that
// name or the nearest to it.
func (w *writer) name(words []byte, k Kind) (uint32, error) {
	off := w.types.order.Uint32(words)
	was, err := w.types.name(off)
	if err != nil {
		return 0, err
	}
	name := was
	if !w.vintage.takesAnyName(k) {
		name = identifier(name)
	}
	if name = name[:min(len(name), w.vintage.longestName())]; name == was {
		return off, nil
	}
	if at, found := w.added[name]; found {
		return at, nil
	}
	if w.added == nil {
		w.added = make(map[string]uint32)
	}
	at := uint32(len(w.strings))
	w.added[name] = at
	w.strings = append(append(w.strings, name...), 0)
	return at, nil
}

// identifier returns a name with an underscore for each byte that C's names of ASCII do not have. A
// dot is none of them: kernels take it.
func identifier(name string) string {
	if strings.IndexFunc(name, isForeign) < 0 && (name == "" || !isDigit(rune(name[0]))) {
		return name
	}
	b := []byte(name)
	for i, c := range b {
		if isForeign(rune(c)) || i == 0 && isDigit(rune(c)) {
			b[i] = '_'
		}
	}
	return string(b)
}

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

func isForeign(c rune) bool {
	return !isDigit(c) && c != '_' && c != '.' && (c < 'A' || 'Z' < c) && (c < 'a' || 'z' < c)
}
