// SPDX-License-Identifier: Apache-2.0
// Code generated from loader/protocol by go generate ./loader. DO NOT EDIT.

//! The words of the loader protocol for drivers in Rust, a module per set. Needs the crate libc.

#![allow(dead_code)] // a driver uses what it needs

pub const VERSION: i32 = 1;

/// Bytes of a message, log or trace in a reply.
pub const MAX_TEXT: usize = 65536;

/// What is asked.
pub mod op {
    /// Opens the conversation.
    pub const HELLO: &str = "hello";
    /// Makes one map without an object, and pins it.
    pub const CREATE: &str = "create";
    /// Reads one object.
    pub const OPEN: &str = "open";
    /// Changes a map, program, variable or member of an opened object before the load.
    pub const SET: &str = "set";
    /// Makes the object's maps and programs in the kernel.
    pub const LOAD: &str = "load";
    /// Attaches a loaded program.
    pub const ATTACH: &str = "attach";
    /// Undoes one attach.
    pub const DETACH: &str = "detach";
    /// Puts another structure in the place of one that is attached.
    pub const UPDATE: &str = "update";
    /// Pins a loaded map or program, or a link.
    pub const PIN: &str = "pin";
    /// Removes a pin that the loader made.
    pub const UNPIN: &str = "unpin";
    /// Gives up a session and everything it holds that is not pinned.
    pub const CLOSE: &str = "close";
    /// Links several objects into one, in a file.
    pub const LINK: &str = "link";
    /// Puts one program of an opened object into the chain of an interface.
    pub const CHAIN_ADD: &str = "chain_add";
    /// Links programs of opened objects with a dispatcher into one program, for an interface to
    /// run.
    pub const CHAIN_LINK: &str = "chain_link";
    /// Takes one program out of the chain of an interface, or takes the chain apart.
    pub const CHAIN_REMOVE: &str = "chain_remove";
    /// Removes what is left of chains that no interface runs, as of a loader that died.
    pub const CHAIN_CLEAN: &str = "chain_clean";
    /// Asks for the loader's own view.
    pub const QUERY: &str = "query";
    /// Gives up all sessions.
    pub const RESET: &str = "reset";
    /// Ends the conversation.
    pub const BYE: &str = "bye";
}

/// How far the loader had come.
pub mod stage {
    /// Reading the object.
    pub const OPEN: &str = "open";
    /// Linking several objects into one.
    pub const LINK: &str = "link";
    /// Anything from here to programs in the kernel.
    pub const LOAD: &str = "load";
    /// Creating maps.
    pub const LOAD_CREATE: &str = "load/create";
    /// Pinning a map, or reusing a pinned one.
    pub const LOAD_PIN: &str = "load/pin";
    /// Relocating: maps, calls, CO-RE.
    pub const LOAD_RELOCATE: &str = "load/relocate";
    /// Loading programs: the kernel's verifier.
    pub const LOAD_VERIFY: &str = "load/verify";
    /// Attaching and detaching.
    pub const ATTACH: &str = "attach";
    /// Any of these; the loader is one command, and its caller sees no more than how it ends.
    pub const COMMAND: &str = "command";
}

/// Why it refused.
pub mod class {
    /// Not an object that can be read.
    pub const MALFORMED: &str = "malformed";
    /// Broken as an ELF file.
    pub const MALFORMED_ELF: &str = "malformed/elf";
    /// Broken BTF.
    pub const MALFORMED_BTF: &str = "malformed/btf";
    /// Can be read, and makes no sense.
    pub const INVALID: &str = "invalid";
    /// A map definition that contradicts itself.
    pub const INVALID_MAP_DEFINITION: &str = "invalid/map-definition";
    /// A relocation that leads nowhere.
    pub const INVALID_RELOCATION: &str = "invalid/relocation";
    /// Not a valid program.
    pub const INVALID_PROGRAM: &str = "invalid/program";
    /// A pinned map that differs from its definition.
    pub const INVALID_INCOMPATIBLE_PIN: &str = "invalid/incompatible-pin";
    /// Makes sense, but the loader or the kernel does not do it.
    pub const NOT_SUPPORTED: &str = "not-supported";
    /// An unknown field of a map definition.
    pub const NOT_SUPPORTED_MAP_FIELD: &str = "not-supported/map-field";
    /// A way of defining maps that the loader does not read.
    pub const NOT_SUPPORTED_MAP_DEFINITION: &str = "not-supported/map-definition";
    /// A program's section that has no type.
    pub const NOT_SUPPORTED_SECTION: &str = "not-supported/section";
    /// This kernel lacks it.
    pub const NOT_SUPPORTED_KERNEL: &str = "not-supported/kernel";
    /// Something named does not exist.
    pub const NOT_FOUND: &str = "not-found";
    /// BTF that is needed.
    pub const NOT_FOUND_BTF: &str = "not-found/btf";
    /// A symbol that nothing defines.
    pub const NOT_FOUND_SYMBOL: &str = "not-found/symbol";
    /// The name is taken.
    pub const NAME_CONFLICT: &str = "name-conflict";
    /// Not allowed.
    pub const PERMISSION: &str = "permission";
    /// Too many, too big, too long.
    pub const LIMIT: &str = "limit";
    /// In use.
    pub const BUSY: &str = "busy";
    /// The kernel's verifier refused a program.
    pub const VERIFIER: &str = "verifier";
    /// Reading or writing a file failed.
    pub const IO: &str = "io";
    /// Refused, and a program cannot tell why.
    pub const UNCLASSIFIED: &str = "unclassified";
}

/// What a loader claims to do.
pub mod feature {
    /// Reads map definitions in `.maps`.
    pub const BTF_MAPS: &str = "btf-maps";
    /// Reads `struct bpf_map_def` in `maps`.
    pub const LEGACY_MAPS: &str = "legacy-maps";
    /// Reads `struct bpf_elf_map` in `maps`.
    pub const IPROUTE2_MAPS: &str = "iproute2-maps";
    /// Hands sections of maps that it does not know to its caller.
    pub const CALLBACK_MAPS: &str = "callback-maps";
    /// Asks its caller about programs in sections that it does not know.
    pub const PROGRAM_HANDLERS: &str = "program-handlers";
    /// Pins maps by name, and uses maps that are pinned.
    pub const PINNING: &str = "pinning";
    /// Puts maps on a NUMA node.
    pub const NUMA: &str = "numa";
    /// Makes maps of maps.
    pub const MAP_IN_MAP: &str = "map-in-map";
    /// Makes maps of `.data`, `.rodata`, `.bss`.
    pub const GLOBAL_DATA: &str = "global-data";
    /// Fills in `__kconfig` externs, with the text of its caller where it has some.
    pub const KCONFIG: &str = "kconfig";
    /// Finds what the kernel has for `__ksym` externs: addresses, variables, functions.
    pub const KSYMS: &str = "ksyms";
    /// Keeps read-only data with a program that does not use it.
    pub const METADATA: &str = "metadata";
    /// Links several objects into one.
    pub const STATIC_LINK: &str = "static-link";
    /// Attaches one XDP program to an interface.
    pub const XDP_ATTACH: &str = "xdp-attach";
    /// Runs several XDP programs on one interface.
    pub const XDP_CHAIN: &str = "xdp-chain";
    /// Links several XDP programs into one for an interface.
    pub const XDP_LINKED_CHAIN: &str = "xdp-linked-chain";
    /// Registers `struct_ops`.
    pub const STRUCT_OPS: &str = "struct-ops";
    /// Applies CO-RE relocations, against the running kernel and its modules.
    pub const CORE: &str = "core";
    /// Applies them against the BTF of a file instead: `kernel_types`.
    pub const CUSTOM_BTF: &str = "custom-btf";
    /// Finds types for them in more BTF of its caller: `extra_types`.
    pub const SPLIT_BTF: &str = "split-btf";
    /// Has the option of `open` of that name.
    pub const IGNORE_UNKNOWN_FIELDS: &str = "ignore-unknown-fields";
    /// Makes a map without an object: `create`.
    pub const MAP_CREATE: &str = "map-create";
    /// Loads as a user with the capabilities that the kernel asks for.
    pub const UNPRIVILEGED: &str = "unprivileged";
    /// Makes everything with a BPF token, where it is told to: `token_path`.
    pub const BPF_TOKEN: &str = "bpf-token";
    /// Reads an object when it is told to load it: `open` looks at nothing.
    pub const ONE_STEP: &str = "one-step";
}

/// How far a loader claims a feature.
pub mod support {
    pub const YES: &str = "yes";
    pub const NO: &str = "no";
    pub const PARTIAL: &str = "partial";
    pub const KERNEL_DEPENDENT: &str = "kernel-dependent";
}

/// What to change.
pub mod attribute {
    /// The kernel's number.
    pub const TYPE: &str = "type";
    /// Bytes.
    pub const KEY_SIZE: &str = "key_size";
    /// Bytes; of global data a larger or smaller section.
    pub const VALUE_SIZE: &str = "value_size";
    /// What a map of global data holds from the start: bytes as hexadecimal digits.
    pub const CONTENTS: &str = "contents";
    /// What a variable holds from the start: bytes as hexadecimal digits.
    pub const INITIAL_VALUE: &str = "initial_value";
    /// Elements; bytes of a ring buffer.
    pub const MAX_ENTRIES: &str = "max_entries";
    /// BPF_F_*.
    pub const MAP_FLAGS: &str = "map_flags";
    /// Counts if map_flags has BPF_F_NUMA_NODE.
    pub const NUMA_NODE: &str = "numa_node";
    /// Depends on the map's type.
    pub const MAP_EXTRA: &str = "map_extra";
    /// Path to pin the map at, or to reuse it from.
    pub const PIN_PATH: &str = "pin_path";
    /// Path of a pinned map to use instead of creating one.
    pub const REUSE: &str = "reuse";
    /// Path of a pinned map that shows what the elements of a map of maps look like.
    pub const INNER_MAP: &str = "inner_map";
    /// False leaves the map out.
    pub const AUTOCREATE: &str = "autocreate";
    /// False leaves the program out.
    pub const AUTOLOAD: &str = "autoload";
    /// Libbpf's section name of the type, such as xdp.
    pub const PROGRAM_TYPE: &str = "program_type";
    /// Value of a member: a number in as many bytes as the kernel has for it, a truth, a string.
    pub const MEMBER_VALUE: &str = "member_value";
    /// Name of the program that a member calls; none if empty.
    pub const MEMBER_PROGRAM: &str = "member_program";
}

/// What the structs of section maps are.
pub mod layout {
    /// 5 numbers of 32 bits: libbpf 0.x.
    pub const BPF_MAP_DEF: &str = "bpf_map_def";
    /// 9 numbers: iproute2.
    pub const BPF_ELF_MAP: &str = "bpf_elf_map";
    /// 7 numbers: struct bpf_load_map_def of the kernel's samples.
    pub const BPF_LOAD_MAP: &str = "bpf_load_map";
}

/// What the driver registers.
pub mod handler {
    /// Section vendor_maps.
    pub const MAP_SECTION: &str = "map-section";
    /// Fields vendor_* of BTF map definitions.
    pub const MAP_FIELD: &str = "map-field";
    /// Sections vendor/NAME.
    pub const PROGRAM_PREFIX: &str = "program-prefix";
    /// Section vendor.
    pub const PROGRAM_EXACT: &str = "program-exact";
    /// Sections that neither the loader nor another handler knows.
    pub const PROGRAM_FALLBACK: &str = "program-fallback";
}

/// What is meant.
pub mod target {
    pub const MAP: &str = "map";
    pub const PROGRAM: &str = "program";
    /// For set: a variable of global data.
    pub const VARIABLE: &str = "variable";
    /// For set: a struct_ops map, and a member of its structure.
    pub const STRUCT_OPS: &str = "struct_ops";
    /// For pin and unpin: an attachment, by its handle.
    pub const LINK: &str = "link";
}

/// What to attach to.
pub mod kind {
    /// The interface with index ifindex.
    pub const XDP: &str = "xdp";
    /// The ingress of the interface with index ifindex.
    pub const TC: &str = "tc";
    /// The ingress of the interface with index ifindex.
    pub const TCX: &str = "tcx";
    /// The cgroup at path.
    pub const CGROUP: &str = "cgroup";
    /// The kernel: the program is the name of a struct_ops map then.
    pub const STRUCT_OPS: &str = "struct_ops";
    /// What the program's section handler attaches it to.
    pub const HANDLER: &str = "handler";
}

/// How an interface runs a program.
pub mod mode {
    /// In the driver: XDP_FLAGS_DRV_MODE.
    pub const NATIVE: &str = "native";
    /// In the network stack: XDP_FLAGS_SKB_MODE.
    pub const SKB: &str = "skb";
}

/// What holds a program on an interface.
pub mod way {
    /// A bpf_link.
    pub const LINK: &str = "link";
    /// The interface: IFLA_XDP.
    pub const NETLINK: &str = "netlink";
}

/// What a program says about a packet.
pub mod action {
    /// XDP_ABORTED.
    pub const ABORTED: &str = "aborted";
    /// XDP_DROP.
    pub const DROP: &str = "drop";
    /// XDP_PASS.
    pub const PASS: &str = "pass";
    /// XDP_TX.
    pub const TX: &str = "tx";
    /// XDP_REDIRECT.
    pub const REDIRECT: &str = "redirect";
}

/// What to tell.
pub mod query {
    pub const CHAIN: &str = "chain";
    pub const METADATA: &str = "metadata";
    pub const UNKNOWN_FIELDS: &str = "unknown-fields";
    /// What is registered with the kernel.
    pub const STRUCT_OPS: &str = "struct_ops";
}

/// The class of a refusal of which no more is known than its errno.
pub fn class_of(errno: i32) -> &'static str {
    match errno {
        libc::ENOEXEC | libc::EBADMSG | libc::EILSEQ => class::MALFORMED,
        libc::EINVAL | libc::EDOM | libc::ERANGE => class::INVALID,
        libc::EOPNOTSUPP | 524 /* the kernel's ENOTSUPP */ | libc::ENOSYS | libc::EPROTONOSUPPORT
        | libc::EAFNOSUPPORT => class::NOT_SUPPORTED,
        libc::ENOENT | libc::ESRCH | libc::ENODEV | libc::ENXIO => class::NOT_FOUND,
        libc::EEXIST => class::NAME_CONFLICT,
        libc::EPERM | libc::EACCES => class::PERMISSION,
        libc::E2BIG | libc::ENOMEM | libc::ENOSPC | libc::ENAMETOOLONG | libc::EMFILE | libc::ENFILE
        | libc::EFBIG => class::LIMIT,
        libc::EBUSY | libc::EAGAIN | libc::ETXTBSY => class::BUSY,
        libc::EIO | libc::EROFS | libc::ENOTDIR | libc::EISDIR | libc::EBADF => class::IO,
        _ => class::UNCLASSIFIED,
    }
}
