// SPDX-License-Identifier: Apache-2.0

//! The aya driver: does with aya what the loader protocol asks.
//!
//! Opening reads the object with aya_obj, which is the part of aya that makes nothing in the
//! kernel; loading is EbpfLoader's, of the same bytes. What aya has no call for is unsupported. A
//! refusal is classified by the types of aya's errors and the kernel's errno, never by text.
//!
//! Order to read in: sessions with an operation after the other, a map without an object, refusals.

mod protocol;

use std::collections::HashMap;

use aya::maps::{Map, MapData, MapError};
use aya::pin::PinError;
use aya::programs::{links::Link, loaded_links, xdp::XdpLink, Program, ProgramError, XdpFlags};
use aya::{Btf, Ebpf, EbpfError, EbpfLoader, Endianness};
use aya_obj::maps::{bpf_map_def, LegacyMap};
use serde_json::{json, Value};

use protocol::words::{attribute, class, feature, kind, mode, stage, support, target};
use protocol::{
    boolean, bytes, errno, error, not_found, number, number_if_any, ok, refused, reject_io, rejected,
    unsupported, Answer,
};

fn main() {
    protocol::converse::<Session>();
}

const IGNORED: &str = "unknown fields are always ignored, and not told";

// ---- sessions ----

/// One object. Its links are dropped before its programs.
#[derive(Default)]
struct Session {
    links: HashMap<String, XdpLink>,
    handles: usize, // given out so far
    loaded: Option<Ebpf>,
    object: Vec<u8>,
    pin_root: Option<String>,
    kernel_types: Option<String>,
    maps: Vec<String>,
    programs: Vec<String>,
    max_entries: HashMap<String, u32>,
    globals: HashMap<String, Vec<u8>>,
    left_out: Vec<String>, // programs
}

impl protocol::Session for Session {
    const LOADER: protocol::Loader = protocol::Loader {
        name: "aya",
        homepage: "https://aya-rs.dev",
        issues: "https://github.com/aya-rs/aya/issues",
        claims: &[
            (feature::BTF_MAPS, support::YES, ""),
            (feature::LEGACY_MAPS, support::YES, ""),
            (feature::IPROUTE2_MAPS, support::NO, "bpf_elf_map is not known"),
            (feature::CALLBACK_MAPS, support::NO, "there are no callbacks"),
            (feature::PROGRAM_HANDLERS, support::NO, "there are no callbacks"),
            (feature::IGNORE_UNKNOWN_FIELDS, support::NO, IGNORED),
            (feature::PINNING, support::YES, "by name, in one folder"),
            (feature::NUMA, support::NO, "numa_node of a BTF map definition is not read"),
            (feature::MAP_CREATE, support::YES, "MapData::create"),
            (feature::UNPRIVILEGED, support::YES, ""),
            (feature::MAP_IN_MAP, support::NO, "came after 0.13"),
            (feature::GLOBAL_DATA, support::YES, ""),
            (feature::KCONFIG, support::NO, "externs are not resolved"),
            (feature::KSYMS, support::NO, "externs are not resolved"),
            (
                feature::METADATA,
                support::NO,
                "read-only data is not bound to programs that do not use it",
            ),
            (feature::BPF_TOKEN, support::NO, protocol::NO_TOKENS),
            (feature::STATIC_LINK, support::NO, "there is no linker"),
            (feature::XDP_ATTACH, support::PARTIAL, "by link; no program is replaced"),
            (feature::XDP_CHAIN, support::NO, "there is no dispatcher"),
            (feature::STRUCT_OPS, support::NO, ""),
            (feature::CORE, support::YES, ""),
            (feature::CUSTOM_BTF, support::YES, "EbpfLoader::btf"),
            (feature::SPLIT_BTF, support::NO, protocol::NO_SPLIT_BTF),
        ],
    };

    fn open(path: &str, options: &Value) -> Result<Self, Value> {
        if options["ignore_unknown_fields"] == json!(true) {
            return Err(unsupported(feature::IGNORE_UNKNOWN_FIELDS, IGNORED));
        }
        protocol::without_layouts_and_handlers(options)?;
        let object =
            std::fs::read(path).map_err(|e| rejected(stage::OPEN, class::IO, errno(&e), &e, ""))?;
        let parsed =
            aya_obj::Object::parse(&object).map_err(|e| refusal(&EbpfError::ParseError(e)))?;
        let mut s = Session { object, ..Default::default() };
        s.pin_root = options["pin_root"].as_str().filter(|p| !p.is_empty()).map(String::from);
        s.kernel_types =
            options["kernel_types"].as_str().filter(|p| !p.is_empty()).map(String::from);
        // A map without a name cannot be asked for.
        s.maps = parsed.maps.keys().filter(|n| !n.is_empty()).cloned().collect();
        s.programs = parsed.programs.keys().cloned().collect();
        s.maps.sort();
        s.programs.sort();
        Ok(s)
    }

    fn view(&self) -> Answer {
        let mut maps = Vec::new();
        for name in &self.maps {
            let id = match self.loaded.as_ref().and_then(|e| e.map(name)) {
                Some(map) => data(map).info().map_err(|e| error(&e.to_string()))?.id(),
                None => 0,
            };
            maps.push(json!({"name": name, "id": id}));
        }
        let mut programs = Vec::new();
        for name in &self.programs {
            let program = self
                .loaded
                .as_ref()
                .filter(|_| !self.left_out.contains(name))
                .and_then(|e| e.program(name));
            let id = match program {
                Some(program) => program.info().map_err(|e| error(&e.to_string()))?.id(),
                None => 0,
            };
            programs.push(json!({"name": name, "id": id}));
        }
        Ok(json!({"ok": {"maps": maps, "programs": programs}}))
    }

    fn set(&mut self, target: &str, name: &str, attribute: &str, request: &Value) -> Answer {
        if target == target::VARIABLE {
            return self.set_variable(name, attribute, request);
        }
        let (name, names) =
            (name.to_string(), if target == target::MAP { &self.maps } else { &self.programs });
        if !names.contains(&name) {
            return Err(not_found(stage::OPEN, &format!("{target} {name}")));
        }
        if self.loaded.is_some() {
            return Err(refused(
                stage::LOAD,
                class::BUSY,
                "changing a loader that has loaded has no effect",
            ));
        }
        match (target, attribute) {
            (target::MAP, attribute::MAX_ENTRIES) => {
                self.max_entries.insert(name, number(request, "value")?);
            }
            (target::PROGRAM, attribute::AUTOLOAD) => match boolean(request, "value")? {
                true => self.left_out.retain(|n| *n != name),
                false => self.left_out.push(name),
            },
            _ => return Err(unsupported(attribute, "EbpfLoader does not set that")),
        }
        ok()
    }

    fn load(&mut self) -> Answer {
        if self.loaded.is_some() {
            return Err(error("loaded already"));
        }
        let kernel_types = match &self.kernel_types {
            Some(path) => Some(
                Btf::parse_file(path, Endianness::default())
                    .map_err(|e| refusal(&EbpfError::BtfError(e)))?,
            ),
            None => None,
        };
        let mut loader = EbpfLoader::new();
        if kernel_types.is_some() {
            loader.btf(kernel_types.as_ref());
        }
        if let Some(root) = &self.pin_root {
            loader.map_pin_path(root);
        }
        for (name, entries) in &self.max_entries {
            loader.set_max_entries(name, *entries);
        }
        for (name, value) in &self.globals {
            loader.set_global(name, value.as_slice(), true);
        }
        let mut loaded = loader.load(&self.object).map_err(|e| refusal(&e))?;
        for (name, program) in
            loaded.programs_mut().filter(|(name, _)| !self.left_out.iter().any(|n| n == name))
        {
            match load_program(program) {
                Some(result) => result.map_err(|e| refusal(&EbpfError::ProgramError(e)))?,
                None => {
                    return Err(unsupported(
                        attribute::PROGRAM_TYPE,
                        &format!("this driver does not load programs of {name}'s type"),
                    ))
                }
            }
        }
        self.loaded = Some(loaded);
        self.view()
    }

    fn attach(&mut self, name: &str, kind: &str, request: &Value) -> Answer {
        if kind != kind::XDP {
            return Err(unsupported(kind, "this driver attaches to xdp only"));
        }
        protocol::by_new_link(request)?;
        let flags = match request["mode"].as_str().unwrap_or_default() {
            "" => XdpFlags::default(),
            mode::NATIVE => XdpFlags::DRV_MODE,
            mode::SKB => XdpFlags::SKB_MODE,
            _ => return Err(unsupported("mode", "there is no flag for it")),
        };
        let ifindex = number(request, "ifindex")?;
        let at_attach = |e: ProgramError| reject_program(stage::ATTACH, &e);
        let program = self.loaded_program(name)?;
        let id = program.info().map_err(at_attach)?.id();
        let xdp: &mut aya::programs::Xdp = program.try_into().map_err(at_attach)?;
        let attached = xdp.attach_to_if_index(ifindex, flags).map_err(at_attach)?;
        let link = xdp.take_link(attached).map_err(at_attach)?;
        self.handles += 1;
        let handle = self.handles.to_string();
        self.links.insert(handle.clone(), link);
        // aya lists all links of the kernel, not those of one program.
        let link_id = loaded_links()
            .filter_map(Result::ok)
            .filter(|l| l.prog_id == id)
            .map(|l| l.id)
            .max()
            .unwrap_or(0);
        Ok(json!({"ok": {"handle": handle, "link_id": link_id}}))
    }

    fn detach(&mut self, handle: &str) -> Answer {
        let link = self.links.remove(handle).ok_or_else(|| error("no such handle"))?;
        link.detach().map_err(|e| reject_program(stage::ATTACH, &e))?;
        ok()
    }

    fn pin(&mut self, target: &str, name: &str, path: &str) -> Answer {
        let missing = || not_found(stage::LOAD_PIN, &format!("loaded {target} {name}"));
        let loaded = self.loaded.as_mut().ok_or_else(missing)?;
        let pinned = match target {
            target::MAP => data(loaded.map(name).ok_or_else(missing)?).pin(path),
            _ => loaded.program_mut(name).ok_or_else(missing)?.pin(path),
        };
        pinned.map_err(|e| reject_pin(&e))?;
        ok()
    }

    fn create(name: &str, map: &Value, inner: &str, path: &str) -> Answer {
        create(name, map, inner, path)
    }
}

impl Session {
    fn set_variable(&mut self, name: &str, attribute: &str, request: &Value) -> Answer {
        if self.loaded.is_some() {
            return Err(refused(
                stage::LOAD,
                class::BUSY,
                "changing a loader that has loaded has no effect",
            ));
        }
        if attribute != attribute::INITIAL_VALUE {
            return Err(unsupported(attribute, "EbpfLoader does not set that"));
        }
        self.globals.insert(name.to_string(), bytes(request, "value")?);
        ok()
    }

    fn loaded_program(&mut self, name: &str) -> Result<&mut Program, Value> {
        let found = self.loaded.as_mut().and_then(|e| e.program_mut(name));
        found.ok_or_else(|| not_found(stage::ATTACH, &format!("loaded program {name}")))
    }
}

/// The data of a map of any type.
fn data(map: &Map) -> &MapData {
    use Map::*;
    match map {
        Array(d) | BloomFilter(d) | CpuMap(d) | DevMap(d) | DevMapHash(d) | HashMap(d)
        | LpmTrie(d) | LruHashMap(d) | PerCpuArray(d) | PerCpuHashMap(d) | PerCpuLruHashMap(d)
        | PerfEventArray(d) | ProgramArray(d) | Queue(d) | RingBuf(d) | SockHash(d)
        | SockMap(d) | Stack(d) | StackTraceMap(d) | Unsupported(d) | XskMap(d) => d,
    }
}

/// None for types that need an attach target to load.
fn load_program(program: &mut Program) -> Option<Result<(), ProgramError>> {
    use Program::*;
    Some(match program {
        CgroupDevice(p) => p.load(),
        CgroupSkb(p) => p.load(),
        CgroupSock(p) => p.load(),
        CgroupSockAddr(p) => p.load(),
        CgroupSockopt(p) => p.load(),
        CgroupSysctl(p) => p.load(),
        KProbe(p) => p.load(),
        LircMode2(p) => p.load(),
        PerfEvent(p) => p.load(),
        RawTracePoint(p) => p.load(),
        SchedClassifier(p) => p.load(),
        SkLookup(p) => p.load(),
        SkMsg(p) => p.load(),
        SkSkb(p) => p.load(),
        SockOps(p) => p.load(),
        SocketFilter(p) => p.load(),
        TracePoint(p) => p.load(),
        UProbe(p) => p.load(),
        Xdp(p) => p.load(),
        _ => return None,
    })
}

// ---- a map without an object ----

/// Makes a map and pins it. Only the pin holds it when this returns.
fn create(name: &str, map: &Value, inner: &str, path: &str) -> Answer {
    for word in [attribute::NUMA_NODE, attribute::MAP_EXTRA] {
        if map[word].as_u64().is_some_and(|n| n != 0) {
            return Err(unsupported(word, "bpf_map_def has no such field"));
        }
    }
    if !inner.is_empty() {
        return Err(unsupported(attribute::INNER_MAP, "MapData::create takes none"));
    }
    let def = bpf_map_def {
        map_type: number(map, "type")?,
        key_size: number(map, "key_size")?,
        value_size: number(map, "value_size")?,
        max_entries: number(map, "max_entries")?,
        map_flags: number_if_any(map, "map_flags")?,
        ..Default::default()
    };
    let definition = LegacyMap {
        def,
        section_index: 0,
        section_kind: aya_obj::EbpfSectionKind::Maps,
        symbol_index: None,
        data: Vec::new(),
    };
    let made = MapData::create(aya_obj::Map::Legacy(definition), name, None)
        .map_err(|e| reject_map(&e))?;
    let id = made.info().map_err(|e| error(&e.to_string()))?.id();
    made.pin(path).map_err(|e| reject_pin(&e))?;
    Ok(json!({"ok": {"id": id}}))
}

// ---- refusals ----

fn refusal(e: &EbpfError) -> Value {
    use aya_obj::ParseError as P;
    match e {
        EbpfError::ParseError(p) => {
            let class = match p {
                P::ElfError(_) | P::SectionError { .. } => class::MALFORMED_ELF,
                P::BtfError(_) => class::MALFORMED_BTF,
                P::NoBTF => class::NOT_FOUND_BTF,
                P::InvalidMapDefinition { .. }
                | P::MapSymbolNameNotFound { .. }
                | P::NoSymbolsForSection { .. } => class::INVALID_MAP_DEFINITION,
                P::UnsupportedRelocationTarget
                | P::UnknownSymbol { .. }
                | P::MapNotFound { .. } => class::INVALID_RELOCATION,
                P::InvalidProgramSection { .. } => class::NOT_SUPPORTED_SECTION,
                P::InvalidProgramCode => class::INVALID_PROGRAM,
                P::SymbolNotFound { .. } => class::NOT_FOUND_SYMBOL,
                _ => class::UNCLASSIFIED,
            };
            rejected(stage::OPEN, class, 0, e, "")
        }
        EbpfError::UnexpectedPinningType { .. } => {
            rejected(stage::LOAD, class::INVALID_MAP_DEFINITION, 0, e, "")
        }
        EbpfError::RelocationError(_) | EbpfError::BtfRelocationError(_) => {
            rejected(stage::LOAD_RELOCATE, class::INVALID_RELOCATION, 0, e, "")
        }
        EbpfError::BtfError(_) => rejected(stage::LOAD, class::MALFORMED_BTF, 0, e, ""),
        EbpfError::NoBTF => rejected(stage::LOAD, class::NOT_FOUND_BTF, 0, e, ""),
        EbpfError::MapError(m) => reject_map(m),
        EbpfError::ProgramError(p) => reject_program(stage::LOAD, p),
        EbpfError::FileError { error, .. } => reject_io(stage::LOAD, error, e),
    }
}

fn reject_map(e: &MapError) -> Value {
    match e {
        MapError::CreateError { io_error, .. } => reject_io(stage::LOAD_CREATE, io_error, e),
        MapError::PinError { error, .. } => reject_pin(error),
        MapError::SyscallError(s) => reject_io(stage::LOAD, &s.io_error, e),
        MapError::IoError(io) => reject_io(stage::LOAD, io, e),
        MapError::InvalidMapType { .. } | MapError::Unsupported { .. } => {
            rejected(stage::LOAD, class::NOT_SUPPORTED, 0, e, "")
        }
        MapError::InvalidName { .. } => rejected(stage::LOAD, class::INVALID, 0, e, ""),
        _ => rejected(stage::LOAD, class::UNCLASSIFIED, 0, e, ""),
    }
}

fn reject_program(stage: &str, e: &ProgramError) -> Value {
    match e {
        ProgramError::LoadError { io_error, verifier_log } => {
            let log = verifier_log.to_string();
            if log.is_empty() {
                return reject_io(stage, io_error, e); // refused before it was verified
            }
            rejected(stage::LOAD_VERIFY, class::VERIFIER, errno(io_error), e, &log)
        }
        ProgramError::SyscallError(s) => reject_io(stage, &s.io_error, e),
        ProgramError::IOError(io) => reject_io(stage, io, e),
        ProgramError::MapError(m) => reject_map(m),
        ProgramError::XdpError(aya::programs::xdp::XdpError::NetlinkError { io_error }) => {
            reject_io(stage, io_error, e)
        }
        ProgramError::UnexpectedProgramType => rejected(stage, class::INVALID_PROGRAM, 0, e, ""),
        _ => rejected(stage, class::UNCLASSIFIED, 0, e, ""),
    }
}

fn reject_pin(e: &PinError) -> Value {
    match e {
        PinError::SyscallError(s) => reject_io(stage::LOAD_PIN, &s.io_error, e),
        _ => rejected(stage::LOAD_PIN, class::UNCLASSIFIED, 0, e, ""),
    }
}
