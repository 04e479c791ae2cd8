// SPDX-License-Identifier: Apache-2.0

//! The libbpf-rs driver: does what the loader protocol asks with what libbpf-rs gives to its users.
//!
//! libbpf-rs hands out libbpf's pointers too, and re-exports libbpf-sys, whose functions are not
//! called: what is tested is the crate's own API, and what has no call in it is unsupported. A
//! refusal is classified by the crate's ErrorKind. The errno is in the text only, which is never
//! read: the error that holds it is private to the crate. So is libbpf's log, which goes to stderr
//! for people.
//!
//! Compiles with libbpf-rs 0.25 and 0.27. Order to read in: sessions with an operation after the
//! other, attachments, a map without an object, refusals.

mod protocol;

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use libbpf_rs::query::LinkInfoIter;
#[cfg(not(driver_version = "0.25.0-beta.1"))]
use libbpf_rs::query::LinkTypeInfo;
use libbpf_rs::{
    Error, ErrorKind, Link, Linker, MapCore, MapHandle, MapMut, MapType, Object, ObjectBuilder,
    OpenObject,
};
use libbpf_rs::{
    Program, ProgramAttachType, ProgramMut, ProgramType, TcHook, TcHookBuilder, TC_INGRESS,
};
use serde_json::{json, Value};

use protocol::words::{attribute, class, feature, kind, stage, support, target};
use protocol::{
    boolean, bytes, error, not_found, number, number_if_any, ok, refused, reject_io, rejected, text,
    unsupported, Answer,
};

fn main() {
    protocol::converse::<Session>();
}

const NO_HANDLERS: &str = "libbpf_register_prog_handler is not wrapped";
const NO_CUSTOM_BTF: &str = "btf_custom_path is not among the options of ObjectBuilder";

// ---- sessions ----

/// One object. Attachments are dropped before its programs.
struct Session {
    attached: HashMap<String, Attached>,
    handles: usize, // given out so far
    object: Stage,
    maps: Vec<String>,     // declared, in libbpf's order
    left_out: Vec<String>, // of them
    // Templates of the elements of maps, until the load: libbpf takes the number, and its caller
    // closes it.
    inners: Vec<MapHandle>,
}

enum Stage {
    Opened(OpenObject),
    Loaded(Object),
    Refused, // by load, which takes the object
}

impl protocol::Session for Session {
    const LOADER: protocol::Loader = protocol::Loader {
        name: "libbpf-rs",
        homepage: "https://github.com/libbpf/libbpf-rs",
        issues: "https://github.com/libbpf/libbpf-rs/issues",
        claims: &[
            (feature::BTF_MAPS, support::YES, ""),
            (feature::IGNORE_UNKNOWN_FIELDS, support::YES, ""),
            (feature::PINNING, support::YES, ""),
            (feature::NUMA, support::YES, ""),
            (feature::MAP_CREATE, support::YES, "MapHandle::create"),
            (feature::MAP_IN_MAP, support::YES, ""),
            (feature::UNPRIVILEGED, support::YES, ""),
            (feature::GLOBAL_DATA, support::YES, ""),
            (feature::KCONFIG, support::PARTIAL, protocol::NO_KCONFIG),
            (feature::KSYMS, support::YES, ""),
            (feature::METADATA, support::KERNEL_DEPENDENT, "needs BPF_PROG_BIND_MAP"),
            (feature::BPF_TOKEN, support::NO, protocol::NO_TOKENS),
            (feature::STATIC_LINK, support::YES, ""),
            (feature::STRUCT_OPS, support::YES, ""),
            (feature::LEGACY_MAPS, support::NO, "removed in libbpf 1.0"),
            (feature::IPROUTE2_MAPS, support::NO, "libbpf does not know struct bpf_elf_map"),
            (feature::CALLBACK_MAPS, support::NO, "libbpf has no callbacks for maps"),
            (feature::PROGRAM_HANDLERS, support::NO, NO_HANDLERS),
            (feature::XDP_ATTACH, support::PARTIAL, "by link, in this driver"),
            (feature::XDP_CHAIN, support::NO, "the business of libxdp"),
            (feature::CORE, support::YES, ""),
            (feature::CUSTOM_BTF, support::NO, NO_CUSTOM_BTF),
            (feature::SPLIT_BTF, support::NO, protocol::NO_SPLIT_BTF),
        ],
    };

    fn open(path: &str, options: &Value) -> Result<Self, Value> {
        protocol::without_layouts_and_handlers(options)?;
        if options["kernel_types"].as_str().is_some_and(|path| !path.is_empty()) {
            return Err(unsupported(feature::CUSTOM_BTF, NO_CUSTOM_BTF));
        }
        let at_open = |e: Error| reject(stage::OPEN, &e);
        let mut builder = ObjectBuilder::default();
        builder.relaxed_maps(options["ignore_unknown_fields"] == json!(true));
        if let Some(root) = options["pin_root"].as_str().filter(|p| !p.is_empty()) {
            builder.pin_root_path(root).map_err(at_open)?;
        }
        let opened = builder.open_file(path).map_err(at_open)?;
        let maps = opened.maps().map(|m| m.name().to_string_lossy().into_owned()).collect();
        Ok(Session {
            attached: HashMap::new(),
            handles: 0,
            object: Stage::Opened(opened),
            maps,
            left_out: vec![],
            inners: vec![],
        })
    }

    fn view(&self) -> Answer {
        let (maps, programs) = match &self.object {
            Stage::Opened(object) => (
                self.maps.iter().map(|name| json!({"name": name})).collect(),
                object.progs().map(|p| json!({"name": p.name().to_string_lossy(),
                    "section": p.section().to_string_lossy()})).collect(),
            ),
            Stage::Loaded(object) => (self.loaded_maps(object)?, loaded_programs(object)?),
            Stage::Refused => return Err(no_object()),
        };
        Ok(json!({"ok": {"maps": maps, "programs": programs}}))
    }

    fn set(&mut self, target: &str, name: &str, attribute: &str, request: &Value) -> Answer {
        match (&self.object, target) {
            (Stage::Refused, _) => Err(no_object()),
            (Stage::Loaded(_), _) => {
                Err(refused(stage::LOAD, class::BUSY, "what is loaded has no such call"))
            }
            (_, target::MAP) => self.set_map(name, attribute, request),
            (_, target::PROGRAM) => self.set_program(name, attribute, request),
            (_, target::STRUCT_OPS) => {
                Err(unsupported(target::STRUCT_OPS, "the crate shows bytes, not members"))
            }
            (_, target::VARIABLE) => {
                Err(unsupported(target::VARIABLE, "generated skeletons alone know variables"))
            }
            _ => Err(error("target: want map, program, variable or struct_ops")),
        }
    }

    fn load(&mut self) -> Answer {
        let object = match std::mem::replace(&mut self.object, Stage::Refused) {
            Stage::Opened(object) => object,
            Stage::Loaded(object) => {
                self.object = Stage::Loaded(object);
                return Err(error("loaded already"));
            }
            Stage::Refused => return Err(no_object()),
        };
        let loaded = object.load();
        self.inners.clear();
        self.object = Stage::Loaded(loaded.map_err(|e| reject(stage::LOAD, &e))?);
        self.view()
    }

    fn attach(&mut self, program: &str, kind: &str, request: &Value) -> Answer {
        let Stage::Loaded(object) = &mut self.object else {
            return Err(not_found(stage::ATTACH, &format!("loaded program {program}")));
        };
        let attached = match kind {
            kind::STRUCT_OPS => attach_struct_ops(object, program)?, // which is a map's name then
            _ => {
                let found = object.progs_mut().find(|p| p.name() == program && p.autoload());
                attach_program(
                    &found.ok_or_else(|| {
                        not_found(stage::ATTACH, &format!("loaded program {program}"))
                    })?,
                    kind,
                    request,
                )?
            }
        };
        self.handles += 1;
        let handle = self.handles.to_string();
        let link_id = attached.link_id();
        self.attached.insert(handle.clone(), attached);
        Ok(json!({"ok": {"handle": handle, "link_id": link_id}}))
    }

    fn detach(&mut self, handle: &str) -> Answer {
        self.attached.remove(handle).ok_or_else(|| error("no such handle"))?.detach()
    }

    fn pin(&mut self, target: &str, name: &str, path: &str) -> Answer {
        if target == target::LINK {
            return self.link(name)?.pin(path).map_err(|e| reject(stage::LOAD_PIN, &e)).and(ok());
        }
        self.of_loaded(target, name, |map| map.pin(path), |program| program.pin(path))
    }

    fn unpin(&mut self, target: &str, name: &str, path: &str) -> Answer {
        if target == target::LINK {
            return self.link(name)?.unpin().map_err(|e| reject(stage::LOAD_PIN, &e)).and(ok());
        }
        self.of_loaded(target, name, |map| map.unpin(path), |program| program.unpin(path))
    }

    fn create(name: &str, map: &Value, inner: &str, path: &str) -> Answer {
        create(name, map, inner, path)
    }

    fn link(inputs: &[&str], output: &str) -> Answer {
        let at_link = |e: Error| reject(stage::LINK, &e);
        let mut linker = Linker::new(output).map_err(at_link)?;
        for input in inputs {
            linker.add_file(input).map_err(at_link)?;
        }
        linker.link().map_err(at_link)?;
        ok()
    }
}

/// The answer after a refused load, which has consumed the object.
fn no_object() -> Value {
    error("the session's load was refused")
}

impl Session {
    /// The link of an attachment.
    fn link(&mut self, handle: &str) -> Result<&mut Link, Value> {
        match self.attached.get_mut(handle) {
            Some(Attached::Link { link, .. }) => Ok(link),
            _ => Err(error("no such handle of a link")),
        }
    }

    /// The declared maps, with the ids of those that were made. libbpf-rs lists a map that was left
    /// out among those that were made, since it has a descriptor from libbpf 1.4 on: one of no map.
    fn loaded_maps(&self, object: &Object) -> Result<Vec<Value>, Value> {
        let mut made = object.maps().peekable();
        let mut maps = Vec::new();
        for name in &self.maps {
            let id = match made.next_if(|m| m.name() == name.as_str()) {
                Some(map) if !self.left_out.contains(name) => match map.info() {
                    Ok(info) => info.info.id,
                    // libbpf left it out by itself, as an optional structure, and its descriptor is
                    // that of no map.
                    Err(e) if e.kind() == ErrorKind::InvalidInput => 0,
                    Err(e) => return Err(error(&e.to_string())),
                },
                _ => 0,
            };
            maps.push(json!({"name": name, "id": id}));
        }
        Ok(maps)
    }

    fn set_map(&mut self, name: &str, attribute: &str, request: &Value) -> Answer {
        let Stage::Opened(object) = &mut self.object else {
            return Err(no_object());
        };
        let found = object.maps_mut().find(|m| m.name() == name);
        let mut map = found.ok_or_else(|| not_found(stage::OPEN, &format!("map {name}")))?;
        let at_pin = |e: Error| reject(stage::LOAD_PIN, &e);
        let set = match attribute {
            attribute::MAX_ENTRIES => map.set_max_entries(number(request, "value")?),
            attribute::MAP_FLAGS => map.set_map_flags(number(request, "value")?),
            attribute::NUMA_NODE => map.set_numa_node(number(request, "value")?),
            attribute::VALUE_SIZE => map.set_value_size(number(request, "value")?),
            attribute::CONTENTS => map.set_initial_value(&bytes(request, "value")?),
            attribute::MAP_EXTRA => map.set_map_extra(number(request, "value")?),
            attribute::AUTOCREATE => {
                let create = boolean(request, "value")?;
                self.left_out.retain(|left_out| left_out != name);
                self.left_out.extend((!create).then(|| name.to_string()));
                map.set_autocreate(create)
            }
            attribute::PIN_PATH => match text(request, "value")? {
                "" => {
                    return Err(unsupported(
                        attribute::PIN_PATH,
                        "a path that a map has cannot be taken from it",
                    ))
                }
                path => map.set_pin_path(path),
            },
            attribute::REUSE => {
                return map.reuse_pinned_map(text(request, "value")?).map_err(at_pin).and(ok())
            }
            attribute::INNER_MAP => {
                let inner = MapHandle::from_pinned_path(text(request, "value")?).map_err(at_pin)?;
                let set = map.set_inner_map_fd(inner.as_fd());
                self.inners.push(inner);
                set
            }
            _ => {
                return Err(unsupported(attribute, "libbpf-rs, or this driver, does not set that"))
            }
        };
        set.map_err(|e| reject(stage::OPEN, &e)).and(ok())
    }

    fn set_program(&mut self, name: &str, attribute: &str, request: &Value) -> Answer {
        let Stage::Opened(object) = &mut self.object else {
            return Err(no_object());
        };
        let found = object.progs_mut().find(|p| p.name() == name);
        let mut program =
            found.ok_or_else(|| not_found(stage::OPEN, &format!("program {name}")))?;
        match attribute {
            attribute::AUTOLOAD => program.set_autoload(boolean(request, "value")?),
            attribute::PROGRAM_TYPE => {
                let unknown = || {
                    unsupported(
                        attribute::PROGRAM_TYPE,
                        "libbpf_prog_type_by_name is not wrapped, and this driver knows few names",
                    )
                };
                let (kind, attach) = type_of(text(request, "value")?).ok_or_else(unknown)?;
                program.set_prog_type(kind);
                program.set_attach_type(attach);
            }
            _ => {
                return Err(unsupported(attribute, "libbpf-rs, or this driver, does not set that"))
            }
        }
        ok()
    }

    /// Does something with one loaded map or program.
    fn of_loaded(
        &mut self,
        target: &str,
        name: &str,
        with_map: impl FnOnce(&mut MapMut) -> Result<(), Error>,
        with_program: impl FnOnce(&mut ProgramMut) -> Result<(), Error>,
    ) -> Answer {
        let missing = || not_found(stage::LOAD_PIN, &format!("loaded {target} {name}"));
        let Stage::Loaded(object) = &mut self.object else {
            return Err(missing());
        };
        let done = match target {
            target::MAP => {
                with_map(&mut object.maps_mut().find(|m| m.name() == name).ok_or_else(missing)?)
            }
            target::PROGRAM => with_program(
                &mut object.progs_mut().find(|p| p.name() == name).ok_or_else(missing)?,
            ),
            _ => return Err(error("target: want map or program")),
        };
        done.map_err(|e| reject(stage::LOAD_PIN, &e)).and(ok())
    }
}

/// The types that libbpf derives from a section of that name. A type that attaches in one way has 0
/// for that, which is also what a cgroup's ingress is.
fn type_of(section: &str) -> Option<(ProgramType, ProgramAttachType)> {
    Some(match section {
        "xdp" => (ProgramType::Xdp, ProgramAttachType::Xdp),
        "tc" | "classifier" => (ProgramType::SchedCls, ProgramAttachType::from(0)),
        "socket" => (ProgramType::SocketFilter, ProgramAttachType::from(0)),
        "cgroup_skb/ingress" => (ProgramType::CgroupSkb, ProgramAttachType::CgroupInetIngress),
        "cgroup_skb/egress" => (ProgramType::CgroupSkb, ProgramAttachType::CgroupInetEgress),
        _ => return None,
    })
}

fn loaded_programs(object: &Object) -> Result<Vec<Value>, Value> {
    let mut programs = Vec::new();
    for program in object.progs() {
        let id = if program.autoload() { program_id(program.as_fd())? } else { 0 };
        programs.push(json!({
            "name": program.name().to_string_lossy(),
            "section": program.section().to_string_lossy(),
            "id": id,
        }));
    }
    Ok(programs)
}

fn program_id(fd: BorrowedFd) -> Result<u32, Value> {
    Program::id_from_fd(fd).map_err(|e| error(&e.to_string()))
}

// ---- attachments ----

enum Attached {
    Link { link: Link, id: u32 },
    Filter(TcHook), // dropping it undoes nothing
}

impl Attached {
    fn link_id(&self) -> u32 {
        match self {
            Attached::Link { id, .. } => *id,
            Attached::Filter(_) => 0,
        }
    }

    fn detach(self) -> Answer {
        match self {
            Attached::Link { link, .. } => drop(link), // that is how a user of libbpf-rs does it
            Attached::Filter(mut hook) => hook.detach().map_err(|e| reject(stage::ATTACH, &e))?,
        }
        ok()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for (_, attached) in self.attached.drain() {
            if let Err(reply) = attached.detach() {
                eprintln!("detach: {reply}");
            }
        }
    }
}

fn attach_program(program: &ProgramMut, kind: &str, request: &Value) -> Result<Attached, Value> {
    let at_attach = |e: Error| reject(stage::ATTACH, &e);
    protocol::by_new_link(request)?;
    let link = match kind {
        kind::XDP if request["mode"].is_string() => {
            return Err(unsupported("mode", "attach_xdp takes no flags"))
        }
        kind::XDP => program.attach_xdp(number(request, "ifindex")?).map_err(at_attach)?,
        kind::CGROUP => {
            let cgroup =
                File::open(text(request, "path")?).map_err(|e| reject_io(stage::ATTACH, &e, &e))?;
            program.attach_cgroup(cgroup.as_raw_fd()).map_err(at_attach)?
        }
        kind::TC => {
            // The queueing discipline stays: create does not say whether it existed before.
            let mut hook = TcHookBuilder::new(program.as_fd())
                .ifindex(number(request, "ifindex")?)
                .hook(TC_INGRESS);
            hook.create().map_err(at_attach)?;
            hook.attach().map_err(at_attach)?;
            return Ok(Attached::Filter(hook));
        }
        kind::HANDLER => program.attach().map_err(at_attach)?, // libbpf's own handlers
        _ => return Err(unsupported(kind, "libbpf-rs, or this driver, does not attach to that")),
    };
    // Before 0.26 a link does not tell its id, but all links can be listed, and ids grow.
    let program_id = program_id(program.as_fd())?;
    let id = LinkInfoIter::default()
        .filter(|l| l.prog_id == program_id)
        .map(|l| l.id)
        .max()
        .unwrap_or(0);
    Ok(Attached::Link { link, id })
}

/// The link, if the kernel has one at all, belongs to no program.
fn attach_struct_ops(object: &mut Object, name: &str) -> Result<Attached, Value> {
    let found = object.maps_mut().find(|m| m.name() == name);
    let mut map = found.ok_or_else(|| not_found(stage::ATTACH, &format!("loaded map {name}")))?;
    let link = map.attach_struct_ops().map_err(|e| reject(stage::ATTACH, &e))?;
    Ok(Attached::Link { link, id: link_of(&map)? })
}

/// The id of the link that registers a map's structure. All links can be listed, and ids grow.
#[cfg(not(driver_version = "0.25.0-beta.1"))]
fn link_of(map: &MapMut) -> Result<u32, Value> {
    let map_id = map.info().map_err(|e| error(&e.to_string()))?.info.id;
    Ok(LinkInfoIter::default()
        .filter(|l| matches!(&l.info, LinkTypeInfo::StructOps(s) if s.map_id == map_id))
        .map(|l| l.id)
        .max()
        .unwrap_or(0))
}

/// 0.25 does not know links of structures when it lists links.
#[cfg(driver_version = "0.25.0-beta.1")]
fn link_of(_: &MapMut) -> Result<u32, Value> {
    Ok(0)
}

// ---- a map without an object ----

/// Makes a map and pins it. Only the pin holds it when this returns.
fn create(name: &str, map: &Value, inner: &str, path: &str) -> Answer {
    let kind = match MapType::from(number::<u32>(map, "type")?) {
        MapType::Unknown => {
            return Err(unsupported(attribute::TYPE, "the crate has no such MapType"))
        }
        kind => kind,
    };
    let inner = match inner {
        "" => None,
        inner => Some(MapHandle::from_pinned_path(inner).map_err(|e| reject(stage::LOAD_PIN, &e))?),
    };
    // The one type of libbpf-sys that the crate's own API asks for.
    let options = libbpf_rs::libbpf_sys::bpf_map_create_opts {
        sz: size_of::<libbpf_rs::libbpf_sys::bpf_map_create_opts>() as _,
        map_flags: number_if_any(map, "map_flags")?,
        map_extra: number_if_any(map, "map_extra")?,
        numa_node: number_if_any(map, "numa_node")?,
        inner_map_fd: inner.as_ref().map_or(0, |i| i.as_fd().as_raw_fd() as u32),
        ..Default::default()
    };
    let (key_size, value_size, max_entries) =
        (number(map, "key_size")?, number(map, "value_size")?, number(map, "max_entries")?);
    let made = MapHandle::create(kind, Some(name), key_size, value_size, max_entries, &options);
    let mut made = made.map_err(|e| reject(stage::LOAD_CREATE, &e))?;
    let id = made.info().map_err(|e| error(&e.to_string()))?.info.id;
    made.pin(path).map_err(|e| reject(stage::LOAD_PIN, &e))?;
    Ok(json!({"ok": {"id": id}}))
}

// ---- refusals ----

/// Classifies by the kind of the error, which is all that a program can see of it. A kind without a
/// class becomes unclassified, so that it cannot pass for an expected refusal.
fn reject(stage: &str, e: &Error) -> Value {
    let class = match e.kind() {
        ErrorKind::NotFound => class::NOT_FOUND,
        ErrorKind::PermissionDenied => class::PERMISSION,
        ErrorKind::AlreadyExists => class::NAME_CONFLICT,
        ErrorKind::WouldBlock => class::BUSY,
        ErrorKind::InvalidInput | ErrorKind::InvalidData => class::INVALID,
        ErrorKind::Unsupported => class::NOT_SUPPORTED,
        ErrorKind::UnexpectedEof => class::MALFORMED,
        ErrorKind::OutOfMemory => class::LIMIT,
        #[cfg(not(driver_version = "0.25.0-beta.1"))]
        ErrorKind::TooBig => class::LIMIT,
        _ => class::UNCLASSIFIED,
    };
    rejected(stage, class, 0, e, "")
}
