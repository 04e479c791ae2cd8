// SPDX-License-Identifier: Apache-2.0

//! Version 1 of the loader protocol for drivers in Rust: what all of them share. Package bundle
//! compiles it with each: a driver says `mod protocol;`, and lists the crates libc and serde_json
//! in its manifest.
//!
//! A driver is an `impl Session` for what it holds of one object, and
//! `protocol::converse::<Its>()`. The sessions are kept here, so a driver is never asked about one
//! that is not open.
//!
//! Order to read in: what a driver implements, the conversation, how requests are read and replies
//! written.

#![allow(dead_code)] // a driver uses what it needs

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, BufRead, Write};

use serde_json::{json, Value};

pub mod words;
use words::{class, class_of, feature, layout, op, way};

/// How a request ends: the body of its reply, or of the one that says why nothing, or not all, was
/// done.
pub type Answer = Result<Value, Value>;

// ---- what a driver implements ----

/// What `hello` is answered with. The version is the one that the driver was compiled for.
pub struct Loader {
    pub name: &'static str,
    pub homepage: &'static str,
    pub issues: &'static str,
    /// Feature, support, and a reason, which may be empty.
    pub claims: &'static [(&'static str, &'static str, &'static str)],
}

/// One object, from `open` to `close`. Dropping it gives up all that it holds in the kernel and
/// that is not pinned.
pub trait Session: Sized {
    const LOADER: Loader;

    /// Reads the object, and makes nothing in the kernel.
    fn open(path: &str, options: &Value) -> Result<Self, Value>;

    /// The maps and programs that the object declares, with ids once it is loaded: as `open` and
    /// `load` are answered.
    fn view(&self) -> Answer;

    /// Changes one attribute before the load. The new value is in the request.
    fn set(&mut self, target: &str, name: &str, attribute: &str, request: &Value) -> Answer;

    fn load(&mut self) -> Answer;
    fn attach(&mut self, program: &str, kind: &str, request: &Value) -> Answer;
    fn detach(&mut self, handle: &str) -> Answer;
    fn pin(&mut self, target: &str, name: &str, path: &str) -> Answer;

    fn unpin(&mut self, _target: &str, _name: &str, _path: &str) -> Answer {
        Err(unsupported(op::UNPIN, "the loader gives up no path without the map or program"))
    }

    /// Makes one map without an object, pins it at the path, and lets go of it. The path of an
    /// inner map is empty where there is none.
    fn create(_name: &str, _map: &Value, _inner: &str, _path: &str) -> Answer {
        Err(unsupported(feature::MAP_CREATE, "the loader makes no map without an object"))
    }

    /// Links several objects into one. It belongs to no session.
    fn link(_inputs: &[&str], _output: &str) -> Answer {
        Err(unsupported(feature::STATIC_LINK, "the loader has no linker"))
    }
}

// ---- the conversation ----

/// Answers the requests on stdin, one after the other, until `bye`. Anything but a request ends the
/// process.
pub fn converse<S: Session>() {
    let mut sessions = Sessions::<S>(HashMap::new());
    for line in io::stdin().lock().lines() {
        let line = line.expect("read a request");
        let request: Value = serde_json::from_str(&line).expect("a request is JSON");
        let seq = request["seq"].as_u64().filter(|&n| n > 0).expect("a request has a number");
        let mut reply = match sessions.answer(&request) {
            Ok(body) | Err(body) => body,
        };
        reply["seq"] = seq.into();
        println!("{reply}");
        io::stdout().flush().expect("write a reply");
        if request["op"] == op::BYE {
            return;
        }
    }
}

struct Sessions<S>(HashMap<String, S>);

impl<S: Session> Sessions<S> {
    fn answer(&mut self, request: &Value) -> Answer {
        if request["v"] != json!(words::VERSION) {
            return Err(unsupported("protocol", "this driver speaks version 1 only"));
        }
        match text(request, "op")? {
            op::HELLO => hello(request, &S::LOADER),
            op::OPEN => self.open(request),
            op::SET => {
                let (target, name, attribute) =
                    (text(request, "target")?, text(request, "name")?, text(request, "attribute")?);
                self.of(request)?.set(target, name, attribute, request)
            }
            op::LOAD => self.of(request)?.load(),
            op::ATTACH => {
                self.of(request)?.attach(text(request, "program")?, text(request, "kind")?, request)
            }
            op::DETACH => self.of(request)?.detach(text(request, "handle")?),
            op::PIN => self.of(request)?.pin(
                text(request, "target")?,
                text(request, "name")?,
                text(request, "path")?,
            ),
            op::UNPIN => self.of(request)?.unpin(
                text(request, "target")?,
                text(request, "name")?,
                text(request, "path")?,
            ),
            op::CLOSE => {
                self.of(request)?;
                self.0.remove(text(request, "session")?);
                ok()
            }
            op::CREATE if request["token_path"].as_str().is_some_and(|path| !path.is_empty()) => {
                Err(unsupported(feature::BPF_TOKEN, NO_TOKENS))
            }
            op::CREATE => S::create(
                text(request, "name")?,
                &request["map"],
                request["inner_map"].as_str().unwrap_or(""),
                text(request, "path")?,
            ),
            op::LINK => link::<S>(request),
            op::RESET | op::BYE => {
                self.0.clear();
                ok()
            }
            unknown => Err(unsupported(unknown, "the loader has no such thing")),
        }
    }

    fn of(&mut self, request: &Value) -> Result<&mut S, Value> {
        self.0.get_mut(text(request, "session")?).ok_or_else(|| error("no such session"))
    }

    fn open(&mut self, request: &Value) -> Answer {
        let (name, path) = (text(request, "session")?, text(request, "object")?);
        if self.0.contains_key(name) {
            return Err(error("the session is open already"));
        }
        let opened = S::open(path, &request["options"])?;
        let reply = opened.view()?;
        self.0.insert(name.to_string(), opened);
        Ok(reply)
    }
}

fn hello(request: &Value, loader: &Loader) -> Answer {
    if !request["protocols"].as_array().is_some_and(|all| all.contains(&json!(words::VERSION))) {
        return Err(unsupported("protocol", "this driver speaks version 1 only"));
    }
    let version = env!("DRIVER_VERSION");
    let features: HashMap<_, _> =
        loader.claims.iter().map(|(f, s, why)| (f, json!({"support": s, "reason": why}))).collect();
    Ok(json!({"ok": {"protocol": words::VERSION, "features": features, "loader": {
        "name": loader.name, "version": version, "language": "rust",
        "homepage": loader.homepage, "issues": loader.issues,
        "components": {loader.name: version},
    }}}))
}

fn link<S: Session>(request: &Value) -> Answer {
    let inputs: Option<Vec<&str>> =
        request["inputs"].as_array().and_then(|all| all.iter().map(Value::as_str).collect());
    S::link(&inputs.ok_or_else(|| error("inputs: want paths"))?, text(request, "output")?)
}

// ---- requests ----

pub fn text<'a>(object: &'a Value, key: &str) -> Result<&'a str, Value> {
    object[key].as_str().ok_or_else(|| error(&format!("{key}: want a string")))
}

pub fn number<T: TryFrom<u64>>(object: &Value, key: &str) -> Result<T, Value> {
    let n = object[key].as_u64().and_then(|n| T::try_from(n).ok());
    n.ok_or_else(|| error(&format!("{key}: want a number of {} bits", 8 * size_of::<T>())))
}

/// A number that is left out where it is 0.
pub fn number_if_any<T: TryFrom<u64> + Default>(object: &Value, key: &str) -> Result<T, Value> {
    match object[key] {
        Value::Null => Ok(T::default()),
        _ => number(object, key),
    }
}

/// The bytes that a field gives as hexadecimal digits.
pub fn bytes(object: &Value, key: &str) -> Result<Vec<u8>, Value> {
    let digits = text(object, key)?;
    let wrong = || error(&format!("{key}: want hexadecimal digits"));
    if digits.len() % 2 != 0 || !digits.is_ascii() {
        return Err(wrong());
    }
    (0..digits.len() / 2)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).map_err(|_| wrong()))
        .collect()
}

pub fn boolean(object: &Value, key: &str) -> Result<bool, Value> {
    object[key].as_bool().ok_or_else(|| error(&format!("{key}: want true or false")))
}

pub const NO_KCONFIG: &str = "the loader cannot be given the text of a kernel's configuration";
pub const NO_TOKENS: &str = "the loader cannot be told of a bpffs to make a token of";
pub const NO_SPLIT_BTF: &str = "the loader cannot be given BTF beside the kernel's";

/// Refuses the options of `open` that are about iproute2's definitions of maps, other layouts of
/// section maps, handlers, configurations of the kernel, tokens, and split BTF: for a loader that
/// reads that section, if at all, as struct bpf_map_def, and that has neither callbacks nor tokens.
pub fn without_layouts_and_handlers(options: &Value) -> Result<(), Value> {
    let given = |key: &str| match &options[key] {
        Value::String(s) => !s.is_empty(),
        Value::Object(o) => !o.is_empty(),
        _ => false,
    };
    let handlers = options["handlers"].as_array().map(Vec::as_slice).unwrap_or_default();
    if options["map_layout"] == layout::BPF_ELF_MAP
        || given("pin_mount")
        || given("pin_subdir")
        || given("pin_ids")
    {
        return Err(unsupported(feature::IPROUTE2_MAPS, "bpf_elf_map is not known"));
    }
    if given("kconfig") {
        return Err(unsupported("kconfig", NO_KCONFIG));
    }
    if given("token_path") {
        return Err(unsupported(feature::BPF_TOKEN, NO_TOKENS));
    }
    if options["extra_types"].as_array().is_some_and(|paths| !paths.is_empty()) {
        return Err(unsupported(feature::SPLIT_BTF, NO_SPLIT_BTF));
    }
    if given("map_layout") && options["map_layout"] != layout::BPF_MAP_DEF {
        return Err(unsupported("map_layout", "the loader cannot be told what section maps holds"));
    }
    if handlers.iter().any(|h| h.as_str().is_some_and(|h| h.starts_with("map-"))) {
        return Err(unsupported(feature::CALLBACK_MAPS, "there are no callbacks"));
    }
    if !handlers.is_empty() {
        return Err(unsupported(feature::PROGRAM_HANDLERS, "there are no callbacks"));
    }
    Ok(())
}

/// Refuses what a request to attach asks for that no new link does: to attach by netlink, or to
/// take a program's place.
pub fn by_new_link(request: &Value) -> Result<(), Value> {
    if request["by"] == json!(way::NETLINK) {
        return Err(unsupported("by", "the loader attaches by link"));
    }
    match request["replaces"].as_str() {
        None | Some("") => Ok(()),
        Some(_) => Err(unsupported("replaces", "a new link takes no program's place")),
    }
}

// ---- replies ----

pub fn ok() -> Answer {
    Ok(json!({"ok": {}}))
}

pub fn unsupported(feature: &str, reason: &str) -> Value {
    json!({"unsupported": {"feature": feature, "reason": reason}})
}

/// The request makes no sense to this driver. Nothing of it has been done.
pub fn error(message: &str) -> Value {
    json!({"error": {"message": message}})
}

/// A refusal without an error of the loader's.
pub fn refused(stage: &str, class: &str, message: &str) -> Value {
    json!({"rejected": {"stage": stage, "class": class, "message": message}})
}

/// The object has nothing of that name, such as "map counts", or has not made it yet.
pub fn not_found(stage: &str, what: &str) -> Value {
    refused(stage, class::NOT_FOUND, &format!("no {what}"))
}

/// A refusal by an error of the loader's. The errno is 0 where there is none, the log the
/// verifier's, or empty.
pub fn rejected(stage: &str, class: &str, errno: i32, e: &dyn Error, log: &str) -> Value {
    let mut message = e.to_string();
    let mut cause = e.source();
    while let Some(c) = cause {
        message += &format!(": {c}");
        cause = c.source();
    }
    // Of a message, which may hold a log, the start; of the log the end. In characters, not bytes.
    let message: String = message.chars().take(words::MAX_TEXT / 2).collect();
    let end = log.chars().rev().take(words::MAX_TEXT / 2).collect::<Vec<_>>();
    let log: String = end.into_iter().rev().collect();
    json!({"rejected": {
        "stage": stage, "class": class, "errno": errno.max(0), "message": message, "log": log,
    }})
}

/// 0 where there is none.
pub fn errno(e: &io::Error) -> i32 {
    e.raw_os_error().unwrap_or(0)
}

/// A refusal by the errno of the kernel, where there is one. The error is the whole, of which the
/// other is the cause, or the same.
pub fn reject_io(stage: &str, io: &io::Error, e: &dyn Error) -> Value {
    rejected(stage, class_of(errno(io)), errno(io), e, "")
}
