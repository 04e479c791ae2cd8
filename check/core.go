// SPDX-License-Identifier: Apache-2.0

package check

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// What a relocation asks, as far as an answer is needed (enum bpf_core_relo_kind). The others are
// questions that a program asks about the kernel: any answer is good.
const (
	coreFieldOffset = 0
	coreFieldSize   = 1
	coreFieldExists = 2
	coreFieldRshift = 5
	coreTargetID    = 7
	coreTypeSize    = 9
	coreEnumValue   = 11
)

var errExt = errors.New("bad .BTF.ext")

// coreRelocations returns what an object's CO-RE relocations need of a kernel. An object without
// any needs nothing.
func coreRelocations(object []byte, types *btf.Spec) ([]Need, error) {
	file, err := elf.NewFile(bytes.NewReader(object))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	section, raw := file.Section(".BTF.ext"), file.Section(".BTF")
	if section == nil || raw == nil || types == nil {
		return nil, nil
	}
	ext, err := section.Data()
	if err != nil {
		return nil, err
	}
	strs, err := stringsOf(raw, file.ByteOrder)
	if err != nil {
		return nil, err
	}
	records, err := coreRecords(ext, file.ByteOrder)
	if err != nil {
		return nil, err
	}
	var needs []Need
	for _, r := range records {
		t, err := types.TypeByID(btf.TypeID(r.typeID))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errExt, err)
		}
		if n, ok := r.need(t, textAt(strs, r.access)); ok {
			needs = append(needs, n)
		}
	}
	return needs, nil
}

// coreRecord mirrors struct bpf_core_relo of include/uapi/linux/bpf.h, without the instruction.
type coreRecord struct{ typeID, access, kind uint32 }

// coreRecords reads the records of all sections: struct btf_ext_header of tools/lib/bpf, then for
// each section its name, the number of records, and these.
func coreRecords(ext []byte, order binary.ByteOrder) ([]coreRecord, error) {
	if len(ext) < 32 || order.Uint16(ext) != 0xeb9f {
		return nil, nil // a header without CO-RE ends after 24 bytes
	}
	head := order.Uint32(ext[4:])
	from, size := uint64(head)+uint64(order.Uint32(ext[24:])), uint64(order.Uint32(ext[28:]))
	if head < 32 || size == 0 {
		return nil, nil
	}
	if from+size > uint64(len(ext)) || size < 4 {
		return nil, fmt.Errorf("%w: relocations beyond its end", errExt)
	}
	data := ext[from : from+size]
	each := uint64(order.Uint32(data))
	if each < 16 {
		return nil, fmt.Errorf("%w: records of %d bytes", errExt, each)
	}
	data = data[4:]
	var all []coreRecord
	for len(data) >= 8 {
		count := uint64(order.Uint32(data[4:]))
		data = data[8:]
		if count*each > uint64(len(data)) {
			return nil, fmt.Errorf("%w: %d records do not fit", errExt, count)
		}
		for ; count > 0; count-- {
			all = append(all, coreRecord{order.Uint32(data[4:]), order.Uint32(data[8:]), order.Uint32(data[12:])})
			data = data[each:]
		}
	}
	return all, nil
}

// stringsOf returns the strings of section .BTF: struct btf_header says where they are.
func stringsOf(s *elf.Section, order binary.ByteOrder) ([]byte, error) {
	data, err := s.Data()
	if err != nil {
		return nil, err
	}
	if len(data) < 24 {
		return nil, fmt.Errorf("%w: section .BTF of %d bytes", errExt, len(data))
	}
	from := uint64(order.Uint32(data[4:])) + uint64(order.Uint32(data[16:]))
	to := from + uint64(order.Uint32(data[20:]))
	if to > uint64(len(data)) {
		return nil, fmt.Errorf("%w: strings beyond the end of section .BTF", errExt)
	}
	return data[from:to], nil
}

// textAt returns the string that begins there, "" beyond the end.
func textAt(strs []byte, at uint32) string {
	if uint64(at) >= uint64(len(strs)) {
		return ""
	}
	text, _, _ := bytes.Cut(strs[at:], []byte{0})
	return string(text)
}

// need returns what a relocation needs. Types of a name that ends in ___ and a flavour mean those
// without it.
func (r coreRecord) need(t btf.Type, access string) (Need, bool) {
	name, _, _ := strings.Cut(t.TypeName(), "___")
	switch {
	case name == "":
		return Need{}, false
	case r.kind == coreEnumValue:
		at, err := strconv.Atoi(access)
		e, isEnum := btf.UnderlyingType(t).(*btf.Enum)
		if err != nil || !isEnum || at < 0 || at >= len(e.Values) {
			return Need{}, false
		}
		value, _, _ := strings.Cut(e.Values[at].Name, "___")
		return Need{"enumerator " + name + " " + value, CauseCORETarget, "value " + value + " of enum " + name, ""}, true
	case r.kind == coreTargetID || r.kind == coreTypeSize:
		return Need{"type " + name, CauseCORETarget, "type " + name, ""}, true
	case r.kind > coreFieldRshift || r.kind == coreFieldExists:
		return Need{}, false
	}
	path := fieldPath(t, access)
	if len(path) == 0 {
		return Need{"type " + name, CauseCORETarget, "type " + name, ""}, true
	}
	field := strings.Join(path, ".")
	return Need{"field " + name + " " + field, CauseCORETarget, "field " + name + "." + field, ""}, true
}

// fieldPath returns the names of the members that an access goes through: "0:3:1" is the second
// member of the fourth member. Anonymous ones have no name in it.
func fieldPath(t btf.Type, access string) []string {
	var path []string
	steps := strings.Split(access, ":")
	for _, step := range steps[min(1, len(steps)):] { // the first is an index of the pointer
		at, err := strconv.Atoi(step)
		if err != nil || at < 0 {
			return path
		}
		var members []btf.Member
		switch u := btf.UnderlyingType(t).(type) {
		case *btf.Struct:
			members = u.Members
		case *btf.Union:
			members = u.Members
		case *btf.Array:
			t = u.Type
			continue
		}
		if at >= len(members) {
			return path
		}
		if members[at].Name != "" {
			path = append(path, members[at].Name)
		}
		t = members[at].Type
	}
	return path
}
