// SPDX-License-Identifier: Apache-2.0

package loader

import "math"

// Op names a request on the wire.
type Op string

// The operations of protocol version 1.
const (
	OpHello  Op = "hello"
	OpCreate Op = "create"
	OpOpen   Op = "open"
	OpSet    Op = "set"
	OpLoad   Op = "load"
	OpAttach Op = "attach"
	OpDetach Op = "detach"
	OpPin    Op = "pin"
	OpUnpin  Op = "unpin"
	OpClose  Op = "close"
	OpLink   Op = "link"
	OpQuery  Op = "query"
	OpReset  Op = "reset"
	OpBye    Op = "bye"
)

// A Request is one thing asked of a loader. The types of this file are all there are.
type Request interface{ Op() Op }

// Hello opens the conversation: what the suite speaks and where things are.
type Hello struct {
	Protocols []int  `json:"protocols"`
	Suite     string `json:"suite"`
	Kernel    Kernel `json:"kernel"`
	Dirs      Dirs   `json:"dirs"`
}

// Kernel is the running kernel.
type Kernel struct {
	Release string `json:"release"` // uname -r
	Arch    string `json:"arch"`    // uname -m
}

// Dirs are the folders a driver may use, as paths in the driver's own root.
type Dirs struct {
	Work  string `json:"work"`  // scratch, empty at the start
	BPFFS string `json:"bpffs"` // a bpffs of this session's own
}

// Create makes one map without an object, and pins it. There is no session: when it is answered the loader holds nothing, and the map is there by its
// pin. It is all or nothing: after a refusal there is neither the map nor a pin.
type Create struct {
	Name     string        `json:"name"`                // for the kernel, which keeps 15 bytes of it
	Map      MapAttributes `json:"map"`                 //
	InnerMap string        `json:"inner_map,omitempty"` // path of a pinned map that shows what the elements look like, for a map of maps
	Path     string        `json:"path"`                // where to pin the map: nothing is there, in a folder that is
}

// MapAttributes are what [Create] asks the kernel for, as they stand: nothing is rounded, added or left out.
type MapAttributes struct {
	Type       uint32 `json:"type"`     // the kernel's number
	KeySize    uint32 `json:"key_size"` // bytes
	ValueSize  uint32 `json:"value_size"`
	MaxEntries uint32 `json:"max_entries"`
	Flags      uint32 `json:"map_flags,omitempty"` // BPF_F_*
	MapExtra   uint64 `json:"map_extra,omitempty"`
	NumaNode   uint32 `json:"numa_node,omitempty"` // counts if Flags has BPF_F_NUMA_NODE
}

// Open reads one object. It makes nothing in the kernel.
type Open struct {
	Session string      `json:"session"` // chosen by the suite, unique among open sessions
	Object  string      `json:"object"`  // path of an ELF file
	Options OpenOptions `json:"options"`
}

// OpenOptions change how an object is read.
type OpenOptions struct {
	IgnoreUnknownFields bool   `json:"ignore_unknown_fields,omitempty"` // accept BTF map definitions with fields the loader does not know
	PinRoot             string `json:"pin_root,omitempty"`              // folder for maps that ask to be pinned by name

	// MapLayout says of which kind the structs of section maps are. Empty leaves that to the loader's own rule.
	MapLayout MapLayout `json:"map_layout,omitempty"`
	// PinMount, PinSubdir and PinIDs say where maps of [IPRoute2Layout] are pinned: below PinMount/PinSubdir, and for an id of PinIDs in
	// the folder PinMount/PinSubdir/../PATH that it maps to.
	PinMount  string            `json:"pin_mount,omitempty"`
	PinSubdir string            `json:"pin_subdir,omitempty"` // "tc", "xdp" or "ip"; "tc" where it is empty
	PinIDs    map[string]string `json:"pin_ids,omitempty"`    // decimal id to path

	// Handlers are those that the driver registers before it opens the object: see [Handler].
	Handlers []Handler `json:"handlers,omitempty"`
}

// A MapLayout is a struct that section maps holds.
type MapLayout string

// The layouts.
const (
	LegacyLayout   MapLayout = "bpf_map_def"  // 5 numbers of 32 bits: libbpf 0.x
	IPRoute2Layout MapLayout = "bpf_elf_map"  // 9 numbers: iproute2
	SamplesLayout  MapLayout = "bpf_load_map" // 7 numbers: struct bpf_load_map_def of the kernel's samples
)

// A Handler is one that a driver of a loader with callbacks registers with it. What each does is laid down in docs/loader-protocol.md, so that
// the kernel can be asked whether it was called.
type Handler string

// The handlers of protocol version 1.
const (
	MapSectionHandler      Handler = "map-section"      // section vendor_maps
	MapFieldHandler        Handler = "map-field"        // fields vendor_* of BTF map definitions
	ProgramPrefixHandler   Handler = "program-prefix"   // sections vendor/NAME
	ProgramExactHandler    Handler = "program-exact"    // section vendor
	ProgramFallbackHandler Handler = "program-fallback" // sections that nobody else knows
)

// Set changes an opened object before it is loaded.
type Set struct {
	Session string    `json:"session"`
	Target  string    `json:"target"`    // "map" or "program"
	Name    string    `json:"name"`      // of the map or program, as in the object
	Attr    Attribute `json:"attribute"` // what to change
	Value   any       `json:"value"`     // a number, a string or a boolean, as the attribute asks
}

// Attribute names what [Set] changes.
type Attribute string

// Attributes of maps and programs. The first three are in [Difference] and [MapAttributes] only.
const (
	MapType     Attribute = "type" // the kernel's number
	KeySize     Attribute = "key_size"
	ValueSize   Attribute = "value_size"
	MaxEntries  Attribute = "max_entries"
	MapFlags    Attribute = "map_flags"
	NumaNode    Attribute = "numa_node"
	MapExtra    Attribute = "map_extra"
	PinPath     Attribute = "pin_path"
	Reuse       Attribute = "reuse"        // map: path of a pinned map to use instead of making one
	InnerMap    Attribute = "inner_map"    // map of maps: path of a pinned map that shows what its elements look like
	AutoCreate  Attribute = "autocreate"   // map: false to leave it out
	AutoLoad    Attribute = "autoload"     // program: false to leave it out
	ProgramType Attribute = "program_type" // program: libbpf's section name of the type, such as "xdp"
)

// Load makes the object's maps and programs in the kernel.
type Load struct {
	Session string `json:"session"`
}

// Attach attaches a loaded program.
type Attach struct {
	Session string `json:"session"`
	Program string `json:"program"`
	Kind    string `json:"kind"` // "xdp", "tc", "tcx", "cgroup", "struct_ops", "handler"
	Ifindex int    `json:"ifindex,omitempty"`
	Path    string `json:"path,omitempty"` // of a cgroup
}

// Detach undoes one [Attach].
type Detach struct {
	Session string `json:"session"`
	Handle  string `json:"handle"` // from the reply to Attach
}

// Pin pins a loaded map or program.
type Pin struct {
	Session string `json:"session"`
	Target  string `json:"target"` // "map" or "program"
	Name    string `json:"name"`
	Path    string `json:"path"`
}

// Unpin removes a pin that the loader made.
type Unpin struct {
	Session string `json:"session"`
	Target  string `json:"target"`
	Name    string `json:"name"`
	Path    string `json:"path"`
}

// Close gives up a session and everything it holds that is not pinned.
type Close struct {
	Session string `json:"session"`
}

// Link makes one object of several, in a file.
type Link struct {
	Inputs []string `json:"inputs"`
	Output string   `json:"output"`
}

// Query asks for a loader's own view, where it has one.
type Query struct {
	Session string `json:"session,omitempty"`
	What    string `json:"what"` // "chain", "metadata", "unknown-fields"
}

// Reset gives up all sessions. Nothing of the loader's may be left in the kernel but pins.
type Reset struct{}

// Bye ends the conversation. The driver answers and exits.
type Bye struct{}

func (Hello) Op() Op  { return OpHello }
func (Create) Op() Op { return OpCreate }
func (Open) Op() Op   { return OpOpen }
func (Set) Op() Op    { return OpSet }
func (Load) Op() Op   { return OpLoad }
func (Attach) Op() Op { return OpAttach }
func (Detach) Op() Op { return OpDetach }
func (Pin) Op() Op    { return OpPin }
func (Unpin) Op() Op  { return OpUnpin }
func (Close) Op() Op  { return OpClose }
func (Link) Op() Op   { return OpLink }
func (Query) Op() Op  { return OpQuery }
func (Reset) Op() Op  { return OpReset }
func (Bye) Op() Op    { return OpBye }

// Uint32 is the value as a number of 32 bits, as most attributes are. On the wire numbers are JSON's, so a Go driver sees a float64.
func (s Set) Uint32() (uint32, bool) {
	f, ok := s.Value.(float64)
	if n, isInt := s.Value.(int); isInt {
		f, ok = float64(n), true
	}
	return uint32(f), ok && f >= 0 && f <= math.MaxUint32 && f == math.Trunc(f)
}
