// SPDX-License-Identifier: Apache-2.0

package refuse

import (
	"cmp"
	"errors"
	"strings"
)

// A Stage names the part of a load in which something was refused. The stages come in the order in
// which they are listed here; everything up to [StageResolve] happens when an object is opened.
type Stage string

// The stages of a load.
const (
	StageOpen     Stage = "open"     // bytes to an object: ELF, BTF
	StageLink     Stage = "link"     // several objects to one
	StageDefine   Stage = "define"   // map sections to definitions
	StageResolve  Stage = "resolve"  // relocations to what they refer to; externs
	StageCreate   Stage = "create"   // definitions to maps in the kernel
	StagePin      Stage = "pin"      // maps to and from bpffs
	StageRelocate Stage = "relocate" // functions to one program with everything it refers to
	StageLoad     Stage = "load"     // programs to the kernel
	StageAttach   Stage = "attach"   // programs to what runs them
)

// A Class says why something was refused, in the vocabulary of loadstone's loader protocol. It is
// an error itself, to wrap and to match with [errors.Is]. A slash refines a class.
type Class string

// Error returns the class as it is written.
func (c Class) Error() string { return string(c) }

// Is reports whether target is the class, or one that c refines: "invalid/program" is "invalid"
// too.
func (c Class) Is(target error) bool {
	t, ok := target.(Class)
	return ok && (c == t || t != "" && strings.HasPrefix(string(c), string(t)+"/"))
}

// The classes of errors.
const (
	ClassIO           Class = "io"
	ClassELF          Class = "malformed/elf"
	ClassBTF          Class = "malformed/btf"
	ClassDefinition   Class = "invalid/map-definition"
	ClassRelocation   Class = "invalid/relocation"
	ClassProgram      Class = "invalid/program"
	ClassInvalid      Class = "invalid"
	ClassField        Class = "not-supported/map-field"
	ClassMapKind      Class = "not-supported/map-definition"
	ClassSection      Class = "not-supported/section"
	ClassNotSupported Class = "not-supported"
	ClassNotInKernel  Class = "not-supported/kernel"
	ClassBTFMissing   Class = "not-found/btf"
	ClassUnresolved   Class = "not-found/symbol"
	ClassNotFound     Class = "not-found"
	ClassPin          Class = "invalid/incompatible-pin"
	ClassNameConflict Class = "name-conflict"
	ClassLimit        Class = "limit"
	ClassVerifier     Class = "verifier"
	ClassKernel       Class = "" // the kernel's errno, in the chain, says why, or an error of the caller's handler
)

// An Error says where something was refused, why, and what to do about it. It wraps one of the
// reasons below, or an errno of the kernel's ([syscall.Errno]).
type Error struct {
	Stage   Stage
	Class   Class
	Object  string // name of the object
	Section string // of the object; empty if no section is to blame
	Symbol  string // map, program, variable or function; empty if none is to blame
	Err     error
}

// Error returns stage, object, section and symbol, from the outside in, and then what is wrong.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Stage))
	for _, part := range []string{e.Object, e.Section, e.Symbol} {
		if part != "" {
			b.WriteByte(' ')
			b.WriteString(part)
		}
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the error without its place.
func (e *Error) Unwrap() error { return e.Err }

// A reason says why to refuse, and has a class.
type reason struct {
	class Class
	text  string
}

func (r *reason) Error() string { return r.text }

// Unwrap returns the class, so that a reason alone matches it, too.
func (r *reason) Unwrap() error { return r.class }

// Reasons to refuse. Test for them with [errors.Is].
var (
	ErrRead       error = &reason{ClassIO, "cannot read the object"}
	ErrTooLarge   error = &reason{ClassELF, "object is too large"}
	ErrELF        error = &reason{ClassELF, "not a BPF object that can be read: compile it again, with clang -target bpf -c"}
	ErrCompressed error = &reason{ClassSection, "section is compressed, and BPF loaders read none that are: undo it with llvm-objcopy --compress-sections '*=none'"}
	ErrBTF        error = &reason{ClassBTF, "malformed BTF: compile the object again"}
	ErrByteOrder  error = &reason{ClassInvalid, "object is of the other byte order: compile it for this machine's"}

	ErrNoBTF           error = &reason{ClassBTFMissing, "the file has no BTF: give a raw one, or an ELF file with section .BTF"}
	ErrWrongBase       error = &reason{ClassBTF, "the types go on from those of another kernel: give those that were made for this one, or an ELF file with section .BTF.base"}
	ErrSplitTypes      error = &reason{ClassInvalid, "types that go on from others are none of a kernel: give them as extra types, or with their base as one file (loadstone btf stitch)"}
	ErrReadTypes       error = &reason{ClassIO, "cannot read the types"}
	ErrTypesELF        error = &reason{ClassELF, "not an ELF file that can be read"}
	ErrBTFMissing      error = &reason{ClassBTFMissing, "section .maps needs BTF: compile with -g"}
	ErrDefinition      error = &reason{ClassDefinition, "bad map definition"}
	ErrArena           error = &reason{ClassDefinition, "variables of an arena need one arena that holds them"}
	ErrTypeMissing     error = &reason{ClassDefinition, "map definition has no type: add __uint(type, BPF_MAP_TYPE_...)"}
	ErrConflictingSize error = &reason{ClassDefinition, "size of a type and size by number differ: keep one of them"}
	ErrNotPointer      error = &reason{ClassDefinition, "field is not encoded as a pointer: use the macros __type, __uint, __array"}
	ErrPinning         error = &reason{ClassDefinition, "unknown kind of pinning: use LIBBPF_PIN_NONE (0) or LIBBPF_PIN_BY_NAME (1)"}
	ErrStatic          error = &reason{ClassDefinition, "static definition: remove static"}
	ErrDuplicate       error = &reason{ClassDefinition, "name is defined twice: rename one"}
	ErrInitialiser     error = &reason{ClassDefinition, "definition has bytes that nothing reads: only values can be initialised"}
	ErrInner           error = &reason{ClassDefinition, "bad inner map definition"}
	ErrLayout          error = &reason{ClassDefinition, "maps of one section need to be structs of one layout that is known: see MapLayout"}
	ErrMapID           error = &reason{ClassDefinition, "no one map of the object has this id: set its id"}
	ErrSlot            error = &reason{ClassDefinition, "slot does not fit: each has to be less than the number of entries, and used once"}
	ErrTooMany         error = &reason{ClassLimit, "too many maps"}
	ErrTooManyTypes    error = &reason{ClassLimit, "too many types: link fewer objects"}
	ErrUnknownField    error = &reason{ClassField, "unknown field in a map definition: remove it, or ignore unknown fields"}
	ErrMapKind         error = &reason{ClassMapKind, "no definition of a map that can be read here: use section .maps or maps, or register a handler"}
	ErrField           error = &reason{ClassDefinition, "bad field in a map definition"}

	// ErrHandBack hands a definition back: its handler does not know it either. It never reaches
	// the caller who opens an object.
	ErrHandBack error = &reason{ClassMapKind, "handed back by its handler"}
	ErrHandler  error = &reason{ClassInvalid, "bad handler"}

	ErrStructTypes    error = &reason{ClassBTFMissing, "structures that the kernel calls need BTF: compile with -g"}
	ErrStruct         error = &reason{ClassDefinition, "bad structure: it has to be one variable of the kernel's struct, or of one that has the names of its members"}
	ErrNoFunction     error = &reason{ClassProgram, "program is none for a structure: put it in a section that starts with struct_ops"}
	ErrUnusedFunction error = &reason{ClassProgram, "program is for a structure, and none has it: put it in one, or switch its autoload off"}
	ErrTwoPlaces      error = &reason{ClassProgram, "one program cannot be two functions of the kernel's: write two"}
	ErrLeftOut        error = &reason{ClassInvalid, "program of a structure is left out: switch its autoload on, or take it out of the structure"}
	ErrMemberGone     error = &reason{ClassNotInKernel, "this kernel has no such member, and the object fills it: leave it zero, or take it out"}
	ErrMemberDiffers  error = &reason{ClassNotInKernel, "member is another in this kernel, and cannot be filled"}
	ErrStructUnknown  error = &reason{ClassNotInKernel, "this kernel calls no such structure: if a module does, load the module; else leave the structure out (autocreate), or put it in a section that starts with ?"}
	ErrNoLinks        error = &reason{ClassNotInKernel, "this kernel registers structures by an update only, not by a link (Linux 6.4): put it in section .struct_ops"}
	ErrNoPerCPUData   error = &reason{ClassNotInKernel, "this kernel has no variables that are each CPU's own: use a map of type PERCPU_ARRAY, or leave the program out"}
	ErrNoModuleTypes  error = &reason{ClassNotInKernel, "this kernel calls structures of vmlinux only, not those of modules (Linux 6.9)"}
	ErrNoStruct       error = &reason{ClassInvalid, "map is no structure that the kernel calls"}
	ErrRegistered     error = &reason{ClassInvalid, "structure was registered before, and an update cannot be repeated: load the object again"}
	ErrNoLink         error = &reason{ClassInvalid, "structure is registered without a link, and is not replaced: unregister it, or put it in section .struct_ops.link"}

	ErrTwice         error = &reason{ClassInvalid, "two definitions of one name: rename one, or declare one weak"}
	ErrTypesConflict error = &reason{ClassInvalid, "two types of one name: declare it alike everywhere, in a header"}
	ErrMapsConflict  error = &reason{ClassInvalid, "two definitions of one map: repeat the whole definition where the map is extern"}
	ErrOtherSection  error = &reason{ClassInvalid, "a name is of two sections: declare it in the one that it is defined in"}
	ErrOtherContents error = &reason{ClassInvalid, "section has to be the same in all objects"}
	ErrOtherKind     error = &reason{ClassInvalid, "sections of one name and of two kinds cannot be joined: rename one"}
	ErrOtherRecords  error = &reason{ClassInvalid, "records of two sizes cannot be joined: compile all objects with one compiler"}
	ErrOtherOrder    error = &reason{ClassInvalid, "objects of two byte orders cannot be linked: compile all for one"}
	ErrNoTypes       error = &reason{ClassBTFMissing, "a name that several objects use needs a type in each: compile all with -g"}
	ErrLinkLarge     error = &reason{ClassLimit, "linked object is too large: link fewer objects"}
	ErrWrite         error = &reason{ClassIO, "cannot write the object"}

	ErrRelocation error = &reason{ClassRelocation, "bad relocation"}

	ErrAmbiguousType error = &reason{ClassRelocation, "several types of that name differ in it: give the types of one of them only, choose one (LoadOptions.Choices), or rename the object's"}
	ErrNoChoice      error = &reason{ClassInvalid, "nothing is chosen for this type: name a source, the type there, or both"}
	ErrChoiceFor     error = &reason{ClassInvalid, "something is chosen for this type, and the object has none of that name"}
	ErrChosenType    error = &reason{ClassRelocation, "what is chosen is none of the types that it may be"}
	ErrNoSuchType    error = &reason{ClassVerifier, "the kernel's types have no match for it, and the program may come to it: ask for it first (bpf_core_field_exists, bpf_core_type_exists, bpf_core_enum_value_exists), and use it only if it is there"}
	ErrAddend        error = &reason{ClassRelocation, "reference to the middle of a map, function or variable: if the GNU assembler made the object, use 2.41 or later, or clang"}
	ErrExtern        error = &reason{ClassUnresolved, "nothing defines this extern: link the object that does"}
	ErrExternOffset  error = &reason{ClassRelocation, "reference into the middle of a symbol of the kernel's: take its address, and add to that"}
	ErrExternUse     error = &reason{ClassRelocation, "extern is used as what it is not: functions are called, and variables are not"}

	ErrOptionType  error = &reason{ClassNotSupported, "no type for a value of the kernel's configuration: use bool, enum libbpf_tristate, char, an integer of 2, 4 or 8 bytes, or an array of char"}
	ErrOptionName  error = &reason{ClassUnresolved, "nothing has a value of that name: options begin with CONFIG_, and beside them there are LINUX_KERNEL_VERSION, LINUX_HAS_BPF_COOKIE and LINUX_HAS_SYSCALL_WRAPPER"}
	ErrOptionValue error = &reason{ClassInvalid, "value does not fit the type of the extern: change the type, or the value"}
	ErrConfigLine  error = &reason{ClassInvalid, "no line of a configuration: write CONFIG_NAME=VALUE, where the value is y, n, m, a number, or a string in double quotes"}

	ErrNoOption       error = &reason{ClassUnresolved, "the configuration does not set it: give it a value (Options.Kconfig), or make the extern weak"}
	ErrNoConfig       error = &reason{ClassNotInKernel, "the running kernel's configuration cannot be read: give the values (Options.Kconfig)"}
	ErrNoSymbol       error = &reason{ClassUnresolved, "this kernel has no such symbol: load the module that has it, or make the extern weak"}
	ErrSymbolType     error = &reason{ClassUnresolved, "this kernel has a symbol of that name and another type: declare it as this kernel has it"}
	ErrKernelTypes    error = &reason{ClassNotInKernel, "the kernel's types cannot be read"}
	ErrSymbols        error = &reason{ClassNotInKernel, "the kernel's list of symbols cannot be read"}
	ErrSymbolsHidden  error = &reason{ClassNotInKernel, "the kernel hides the addresses of its symbols: give CAP_SYSLOG, or set kernel.kptr_restrict to 0 or 1"}
	ErrSeveralSymbols error = &reason{ClassInvalid, "the kernel has several symbols of that name"}
	ErrManyModules    error = &reason{ClassLimit, "a program can call functions of 32767 modules"}
	ErrNoKfuncs       error = &reason{ClassNotInKernel, "this kernel has no functions that programs may call (Linux 5.13)"}
	ErrNoModuleCalls  error = &reason{ClassNotInKernel, "programs of this kernel can call functions of vmlinux only, not those of modules (Linux 5.16)"}
	ErrNoModuleTyped  error = &reason{ClassNotInKernel, "programs of this kernel can refer to variables of vmlinux only, not to those of modules (Linux 5.12)"}
	ErrProgram        error = &reason{ClassProgram, "bad program"}
	ErrUntyped        error = &reason{ClassProgram, "symbols of code have no type: compile with a newer clang, or write .type NAME, @function"}
	ErrStaticEntry    error = &reason{ClassProgram, "static program: remove static, or move it to .text"}
	ErrSection        error = &reason{ClassSection, "section is not supported"}

	ErrProgramType  error = &reason{ClassSection, "section name says no program type: rename the section, set a type, or switch autoload off"}
	ErrTailCallType error = &reason{ClassSection, "tail calls take their type from the program that makes them: set it, or leave one type of program"}
	ErrAttachTarget error = &reason{ClassProgram, "program needs something to attach to: say it after the slash of its section name"}

	ErrTarget         error = &reason{ClassInvalid, "extension needs a program to extend: give one before the load (Program.SetTarget)"}
	ErrTargetTypes    error = &reason{ClassBTFMissing, "extensions need types on both sides: compile extension and target with -g"}
	ErrTargetFunction error = &reason{ClassNotFound, "the target has no such function: name one that it has, global and noinline"}
	ErrExtensions     error = &reason{ClassNotInKernel, "this kernel or processor cannot put an extension in the place of a function"}

	ErrNotCreated   error = &reason{ClassInvalid, "map is used but was not created: switch autocreate on, or autoload of the program off"}
	ErrLoaded       error = &reason{ClassInvalid, "a load of the object was tried already: load a clone of it, or open it again"}
	ErrNotLoaded    error = &reason{ClassNotFound, "it was not loaded"}
	ErrAttach       error = &reason{ClassNotSupported, "no handler attaches this program: register one, or attach it with package link"}
	ErrValue        error = &reason{ClassInvalid, "value does not fit"}
	ErrName         error = &reason{ClassNotFound, "the object has none of that name: check the name"}
	ErrSeveralNamed error = &reason{ClassInvalid, "the object has several of that name: rename one"}

	ErrPinPath         error = &reason{ClassInvalid, "map is to be pinned, and there is no folder for it: give PinRoot, or PinMount for iproute2's maps"}
	ErrPinID           error = &reason{ClassNotFound, "the table of pinning ids does not have this one: give it in PinIDs"}
	ErrPinTable        error = &reason{ClassInvalid, "bad table of pinning ids: each is more than 2, and a path of names without dots below the mount"}
	ErrPinSubdir       error = &reason{ClassInvalid, "unknown subdirectory for iproute2's maps"}
	ErrNotBPFFS        error = &reason{ClassInvalid, "folder is not on a bpffs: mount one there, mount -t bpf bpffs FOLDER"}
	ErrPinLong         error = &reason{ClassLimit, "name or path is too long to be pinned"}
	ErrPinned          error = &reason{ClassNameConflict, "something is pinned there already: remove it, or choose another policy"}
	ErrPinName         error = &reason{ClassInvalid, "name cannot be pinned: bpffs takes no dots and slashes in names, and none that are empty"}
	ErrIncompatiblePin error = &reason{ClassPin, "what is pinned or given is not what the definition asks for: remove the pin, or change the definition"}

	ErrToken     error = &reason{ClassNotInKernel, "the kernel has no BPF tokens, which came with Linux 6.9: load without one, with the rights that BPF takes"}
	ErrTokenRoot error = &reason{ClassInvalid, "a BPF token is made of the root of a bpffs: give the folder that it is mounted at"}

	ErrBind error = &reason{ClassNotInKernel, "the kernel cannot bind maps to programs, which came with Linux 5.10: read-only data that a program does not refer to goes when the loader closes it"}

	ErrNode        error = &reason{ClassInvalid, "NUMA node is not online"}
	ErrNodeUnknown error = &reason{ClassNotInKernel, "the kernel cannot be asked for the NUMA node of a map that exists: remove its pin"}
)

// At returns err with the stage, section and symbol that it is about, or nil for nil. What err says
// of them already stays, as it comes from nearer to the fault.
func At(stage Stage, section, symbol string, err error) error {
	if err == nil {
		return nil
	}
	return Locate(stage, section, symbol, err)
}

// Locate adds to an error that is not nil what [At] adds.
func Locate(stage Stage, section, symbol string, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		e.Section, e.Symbol = cmp.Or(e.Section, section), cmp.Or(e.Symbol, symbol)
		return e
	}
	return &Error{Stage: stage, Class: ClassOf(err), Section: section, Symbol: symbol, Err: err}
}

// ClassOf returns the class of a reason to refuse, or the class that an error wraps, or else
// [ClassKernel].
func ClassOf(err error) Class {
	var r *reason
	if errors.As(err, &r) {
		return r.class
	}
	var c Class
	if errors.As(err, &c) {
		return c
	}
	return ClassKernel
}
