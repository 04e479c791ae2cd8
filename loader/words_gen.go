// Code generated from loader/protocol by go generate ./loader. DO NOT EDIT.

// SPDX-License-Identifier: Apache-2.0

package loader

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Version is the version of the protocol that this package speaks.
const Version = 1

// Limits of messages.
const (
	// MaxLine is the longest line of the protocol in bytes, without its newline. A longer one is a
	// fault of its writer.
	MaxLine = 1048576

	// MaxText is how much of a log, message or trace is sent, in bytes: the last of a log, the
	// first of anything else.
	MaxText = 65536

	maxErrno = 4095 // MAX_ERRNO, include/linux/err.h
)

// The operations of protocol version 1.
const (
	OpHello       Op = "hello"
	OpCreate      Op = "create"
	OpOpen        Op = "open"
	OpSet         Op = "set"
	OpLoad        Op = "load"
	OpAttach      Op = "attach"
	OpDetach      Op = "detach"
	OpUpdate      Op = "update"
	OpPin         Op = "pin"
	OpUnpin       Op = "unpin"
	OpClose       Op = "close"
	OpLink        Op = "link"
	OpChainAdd    Op = "chain_add"
	OpChainLink   Op = "chain_link"
	OpChainRemove Op = "chain_remove"
	OpChainClean  Op = "chain_clean"
	OpQuery       Op = "query"
	OpReset       Op = "reset"
	OpBye         Op = "bye"
)

// Values of [Stage] in protocol version 1.
const (
	AtOpen     Stage = "open"          // reading the object
	AtLink     Stage = "link"          // linking several objects into one
	AtLoad     Stage = "load"          // anything from here to programs in the kernel
	AtCreate   Stage = "load/create"   // creating maps
	AtPin      Stage = "load/pin"      // pinning a map, or reusing a pinned one
	AtRelocate Stage = "load/relocate" // relocating: maps, calls, CO-RE
	AtVerify   Stage = "load/verify"   // loading programs: the kernel's verifier
	AtAttach   Stage = "attach"        // attaching and detaching
	// Any of these; the loader is one command, and its caller sees no more than how it ends.
	AtCommand Stage = "command"
)

// Values of [Class] in protocol version 1.
const (
	Malformed    Class = "malformed"     // not an object that can be read
	MalformedELF Class = "malformed/elf" // broken as an ELF file
	MalformedBTF Class = "malformed/btf" // broken BTF
	Invalid      Class = "invalid"       // can be read, and makes no sense
	// A map definition that contradicts itself.
	BadMapDef     Class = "invalid/map-definition"
	BadRelocation Class = "invalid/relocation" // a relocation that leads nowhere
	BadProgram    Class = "invalid/program"    // not a valid program
	// A pinned map that differs from its definition.
	IncompatiblePin Class = "invalid/incompatible-pin"
	// Makes sense, but the loader or the kernel does not do it.
	NotSupported    Class = "not-supported"
	UnknownMapField Class = "not-supported/map-field" // an unknown field of a map definition
	// A way of defining maps that the loader does not read.
	UnknownMapKind Class = "not-supported/map-definition"
	UnknownSection Class = "not-supported/section" // a program's section that has no type
	KernelLacks    Class = "not-supported/kernel"  // this kernel lacks it
	NotFound       Class = "not-found"             // something named does not exist
	BTFMissing     Class = "not-found/btf"         // BTF that is needed
	Unresolved     Class = "not-found/symbol"      // a symbol that nothing defines
	NameConflict   Class = "name-conflict"         // the name is taken
	Permission     Class = "permission"            // not allowed
	Limit          Class = "limit"                 // too many, too big, too long
	Busy           Class = "busy"                  // in use
	// The kernel's verifier refused a program.
	Verifier     Class = "verifier"
	IO           Class = "io"           // reading or writing a file failed
	Unclassified Class = "unclassified" // refused, and a program cannot tell why
)

// Classes returns the classes of [Version], in the order of their listing.
func Classes() []Class {
	return []Class{
		Malformed,
		MalformedELF,
		MalformedBTF,
		Invalid,
		BadMapDef,
		BadRelocation,
		BadProgram,
		IncompatiblePin,
		NotSupported,
		UnknownMapField,
		UnknownMapKind,
		UnknownSection,
		KernelLacks,
		NotFound,
		BTFMissing,
		Unresolved,
		NameConflict,
		Permission,
		Limit,
		Busy,
		Verifier,
		IO,
		Unclassified,
	}
}

// Values of [Feature] in protocol version 1.
const (
	BTFMaps      Feature = "btf-maps"      // reads map definitions in `.maps`
	LegacyMaps   Feature = "legacy-maps"   // reads `struct bpf_map_def` in `maps`
	Iproute2Maps Feature = "iproute2-maps" // reads `struct bpf_elf_map` in `maps`
	// Hands sections of maps that it does not know to its caller.
	CallbackMaps Feature = "callback-maps"
	// Asks its caller about programs in sections that it does not know.
	ProgramHandlers Feature = "program-handlers"
	// Pins maps by name, and uses maps that are pinned.
	Pinning    Feature = "pinning"
	NUMA       Feature = "numa"        // puts maps on a NUMA node
	MapInMap   Feature = "map-in-map"  // makes maps of maps
	GlobalData Feature = "global-data" // makes maps of `.data`, `.rodata`, `.bss`
	// Fills in `__kconfig` externs, with the text of its caller where it has some.
	Kconfig Feature = "kconfig"
	// Finds what the kernel has for `__ksym` externs: addresses, variables, functions.
	Ksyms Feature = "ksyms"
	// Keeps read-only data with a program that does not use it.
	Metadata   Feature = "metadata"
	StaticLink Feature = "static-link" // links several objects into one
	XDPAttach  Feature = "xdp-attach"  // attaches one XDP program to an interface
	XDPChain   Feature = "xdp-chain"   // runs several XDP programs on one interface
	// Links several XDP programs into one for an interface.
	XDPLinkedChain Feature = "xdp-linked-chain"
	StructOps      Feature = "struct-ops" // registers `struct_ops`
	// Applies CO-RE relocations, against the running kernel and its modules.
	CORE Feature = "core"
	// Applies them against the BTF of a file instead: `kernel_types`.
	CustomBTF Feature = "custom-btf"
	// Finds types for them in more BTF of its caller: `extra_types`.
	SplitBTF      Feature = "split-btf"
	IgnoreUnknown Feature = "ignore-unknown-fields" // has the option of `open` of that name
	MapCreate     Feature = "map-create"            // makes a map without an object: `create`
	// Loads as a user with the capabilities that the kernel asks for.
	Unprivileged Feature = "unprivileged"
	// Makes everything with a BPF token, where it is told to: `token_path`.
	BPFToken Feature = "bpf-token"
	// Reads an object when it is told to load it: `open` looks at nothing.
	OneStep Feature = "one-step"
)

// Features returns the features of [Version], in the order of their listing.
func Features() []Feature {
	return []Feature{
		BTFMaps,
		LegacyMaps,
		Iproute2Maps,
		CallbackMaps,
		ProgramHandlers,
		Pinning,
		NUMA,
		MapInMap,
		GlobalData,
		Kconfig,
		Ksyms,
		Metadata,
		StaticLink,
		XDPAttach,
		XDPChain,
		XDPLinkedChain,
		StructOps,
		CORE,
		CustomBTF,
		SplitBTF,
		IgnoreUnknown,
		MapCreate,
		Unprivileged,
		BPFToken,
		OneStep,
	}
}

// Values of [Support] in protocol version 1.
const (
	Yes             Support = "yes"
	No              Support = "no"
	Partial         Support = "partial"
	KernelDependent Support = "kernel-dependent"
)

// Values of [Attribute] in protocol version 1.
const (
	MapType   Attribute = "type"       // the kernel's number
	KeySize   Attribute = "key_size"   // bytes
	ValueSize Attribute = "value_size" // bytes; of global data a larger or smaller section
	// What a map of global data holds from the start: bytes as hexadecimal digits.
	Contents Attribute = "contents"
	// What a variable holds from the start: bytes as hexadecimal digits.
	InitialValue Attribute = "initial_value"
	MaxEntries   Attribute = "max_entries" // elements; bytes of a ring buffer
	MapFlags     Attribute = "map_flags"   // BPF_F_*
	NumaNode     Attribute = "numa_node"   // counts if map_flags has BPF_F_NUMA_NODE
	MapExtra     Attribute = "map_extra"   // depends on the map's type
	PinPath      Attribute = "pin_path"    // path to pin the map at, or to reuse it from
	// Path of a pinned map to use instead of creating one.
	Reuse Attribute = "reuse"
	// Path of a pinned map that shows what the elements of a map of maps look like.
	InnerMap    Attribute = "inner_map"
	AutoCreate  Attribute = "autocreate"   // false leaves the map out
	AutoLoad    Attribute = "autoload"     // false leaves the program out
	ProgramType Attribute = "program_type" // libbpf's section name of the type, such as xdp
	// Value of a member: a number in as many bytes as the kernel has for it, a truth, a string.
	MemberValue Attribute = "member_value"
	// Name of the program that a member calls; none if empty.
	MemberProgram Attribute = "member_program"
)

// Values of [MapLayout] in protocol version 1.
const (
	LegacyLayout   MapLayout = "bpf_map_def" // 5 numbers of 32 bits: libbpf 0.x
	IPRoute2Layout MapLayout = "bpf_elf_map" // 9 numbers: iproute2
	// 7 numbers: struct bpf_load_map_def of the kernel's samples.
	SamplesLayout MapLayout = "bpf_load_map"
)

// Values of [Handler] in protocol version 1.
const (
	MapSectionHandler    Handler = "map-section"    // section vendor_maps
	MapFieldHandler      Handler = "map-field"      // fields vendor_* of BTF map definitions
	ProgramPrefixHandler Handler = "program-prefix" // sections vendor/NAME
	ProgramExactHandler  Handler = "program-exact"  // section vendor
	// Sections that neither the loader nor another handler knows.
	ProgramFallbackHandler Handler = "program-fallback"
)

// Values of [XDPMode] in protocol version 1.
const (
	NativeMode XDPMode = "native" // in the driver: XDP_FLAGS_DRV_MODE
	SKBMode    XDPMode = "skb"    // in the network stack: XDP_FLAGS_SKB_MODE
)

// Values of [XDPWay] in protocol version 1.
const (
	ByLink    XDPWay = "link"    // a bpf_link
	ByNetlink XDPWay = "netlink" // the interface: IFLA_XDP
)

// Values of [XDPAction] in protocol version 1.
const (
	Aborted  XDPAction = "aborted"  // XDP_ABORTED
	Drop     XDPAction = "drop"     // XDP_DROP
	Pass     XDPAction = "pass"     // XDP_PASS
	TX       XDPAction = "tx"       // XDP_TX
	Redirect XDPAction = "redirect" // XDP_REDIRECT
)

// The first words of stages and classes are all there are. What comes after a slash refines them,
// and may be new.
var (
	stageRoots = []string{
		"open", "link", "load", "attach", "command",
	}
	classRoots = []string{
		"malformed", "invalid", "not-supported", "not-found", "name-conflict", "permission",
		"limit", "busy", "verifier", "io", "unclassified",
	}
)

// coarsestStage admits any other.
const coarsestStage = AtCommand

// coarsestClass admits any other.
const coarsestClass = Unclassified

// ClassOf returns the class of a refusal of which no more is known than its errno: a coarse one.
func ClassOf(errno syscall.Errno) Class {
	switch errno {
	case unix.ENOEXEC, unix.EBADMSG, unix.EILSEQ:
		return Malformed
	case unix.EINVAL, unix.EDOM, unix.ERANGE:
		return Invalid
	case unix.EOPNOTSUPP, ENOTSUPP, unix.ENOSYS, unix.EPROTONOSUPPORT, unix.EAFNOSUPPORT:
		return NotSupported
	case unix.ENOENT, unix.ESRCH, unix.ENODEV, unix.ENXIO:
		return NotFound
	case unix.EEXIST:
		return NameConflict
	case unix.EPERM, unix.EACCES:
		return Permission
	case unix.E2BIG, unix.ENOMEM, unix.ENOSPC, unix.ENAMETOOLONG, unix.EMFILE, unix.ENFILE, unix.EFBIG:
		return Limit
	case unix.EBUSY, unix.EAGAIN, unix.ETXTBSY:
		return Busy
	case unix.EIO, unix.EROFS, unix.ENOTDIR, unix.EISDIR, unix.EBADF:
		return IO
	}
	return coarsestClass
}
