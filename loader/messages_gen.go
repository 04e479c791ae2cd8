// Code generated from loader/protocol by go generate ./loader. DO NOT EDIT.

// SPDX-License-Identifier: Apache-2.0

package loader

// envelope carries the number and kind of a request.
type envelope struct {
	// Version of the protocol: in hello the oldest that the suite speaks, then the one chosen.
	V    int    `json:"v"`
	Seq  int    `json:"seq"`            // number of the request in the conversation, from 1
	Spec string `json:"spec,omitempty"` // id of the spec that asks, for logs
	Op   Op     `json:"op"`             // what is asked
}

// Hello opens the conversation. The driver chooses a version. It comes first.
type Hello struct {
	Protocols []int  `json:"protocols"` // versions that the suite speaks
	Suite     string `json:"suite"`     // version of the suite
	Kernel    Kernel `json:"kernel"`
	Dirs      Dirs   `json:"dirs"`
}

// Create makes one map without an object, and pins it. There is no session: after the reply the
// loader holds nothing, and the pin keeps the map. It is all or nothing: after a refusal there is
// neither the map nor a pin.
type Create struct {
	// For the kernel, which keeps 15 bytes of it.
	Name string        `json:"name"`
	Map  MapAttributes `json:"map"`
	// For a map of maps: path of a pinned map that shows what its elements look like.
	InnerMap string `json:"inner_map,omitempty"`
	// Where to pin the map: a new name in an existing folder.
	Path      string `json:"path"`
	TokenPath string `json:"token_path,omitempty"` // as in the options of open
}

// Open reads one object. It makes nothing in the kernel.
type Open struct {
	Session string      `json:"session"` // chosen by the suite, unique among open sessions
	Object  string      `json:"object"`  // path of an ELF file
	Options OpenOptions `json:"options"`
}

// Set changes a map, program, variable or member of an opened object before the load.
type Set struct {
	Session string `json:"session"`
	Target  string `json:"target"` // map or program or variable or struct_ops or link
	Name    string `json:"name"`   // of the map or program, as in the object
	// Of the structure, for target struct_ops; with dots for one in a structure inside.
	Member string    `json:"member,omitempty"`
	Attr   Attribute `json:"attribute"` // what to change
	// A number, a string or a boolean, as the attribute asks.
	Value any `json:"value"`
}

// Load makes the object's maps and programs in the kernel.
type Load struct {
	Session string `json:"session"`
}

// Attach attaches a loaded program.
type Attach struct {
	Session string `json:"session"`
	Program string `json:"program"` // as in the object
	// What to attach to: xdp, tc, tcx, cgroup, struct_ops, handler.
	Kind    string `json:"kind"`
	Ifindex int    `json:"ifindex,omitempty"` // index of an interface
	Path    string `json:"path,omitempty"`    // of a cgroup
	// Of kind xdp: how the interface runs it; the loader's choice if empty.
	Mode XDPMode `json:"mode,omitempty"`
	By   XDPWay  `json:"by,omitempty"` // of kind xdp: the loader's choice if empty
	// Of kind xdp: path of the pinned program that has to be on the interface now, or nothing
	// changes; if empty none may be there.
	Replaces string `json:"replaces,omitempty"`
}

// Detach undoes one attach.
type Detach struct {
	Session string `json:"session"`
	Handle  string `json:"handle"` // from the reply to attach
}

// Update puts another structure in the place of one that is attached. The link stays, and what it
// registers changes at once.
type Update struct {
	Session string `json:"session"`
	Handle  string `json:"handle"`  // from the reply to attach, of kind struct_ops
	Program string `json:"program"` // name of the struct_ops map that takes the place
	// Name of the struct_ops map that has to be there now, or nothing changes.
	Expected string `json:"expected,omitempty"`
}

// Pin pins a loaded map or program, or a link.
type Pin struct {
	Session string `json:"session"`
	Target  string `json:"target"` // map or program or variable or struct_ops or link
	Name    string `json:"name"`   // as in the object; of a link its handle
	Path    string `json:"path"`   // where to pin it
}

// Unpin removes a pin that the loader made.
type Unpin struct {
	Session string `json:"session"`
	Target  string `json:"target"` // map or program or variable or struct_ops or link
	Name    string `json:"name"`   // as in the object; of a link its handle
	Path    string `json:"path"`   // of the pin
}

// Close gives up a session and everything it holds that is not pinned.
type Close struct {
	Session string `json:"session"`
}

// Link links several objects into one, in a file.
type Link struct {
	Inputs []string `json:"inputs"` // paths of objects
	Output string   `json:"output"` // path of the object to write
}

// ChainAdd puts one program of an opened object into the chain of an interface. The session is open
// and not loaded: the loader loads what it needs of the object. Programs that are in the chain stay
// in it. It is all or nothing: after a refusal the interface runs what it ran before. The chain
// stays after the session, and after the driver.
type ChainAdd struct {
	Session string  `json:"session"`
	Program string  `json:"program"`        // as in the object
	Ifindex int     `json:"ifindex"`        // index of the interface
	Mode    XDPMode `json:"mode,omitempty"` // the loader's choice if empty
	// The lower runs first; 0 for the object's own, which is 50 where it says nothing.
	Priority int `json:"priority,omitempty"`
	// Those after which the next program runs; if empty the object's own, which is pass where it
	// says nothing.
	Actions []XDPAction `json:"actions,omitempty"`
}

// ChainLink links programs of opened objects with a dispatcher into one program, for an interface
// to run. The sessions are open and not loaded, and stay so. The interface keeps the chain after
// the sessions, and after the driver. A chain that was linked before gives its place at once;
// nothing else that the interface runs does. chain_remove takes the chain apart, as a whole.
type ChainLink struct {
	Ifindex  int         `json:"ifindex"`        // index of the interface
	Mode     XDPMode     `json:"mode,omitempty"` // the loader's choice if empty
	Programs []ChainPart `json:"programs"`       // in any order
}

// ChainRemove takes one program out of the chain of an interface, or takes the chain apart. Who put
// the programs in does not matter. It is all or nothing, as chain_add is.
type ChainRemove struct {
	Ifindex int    `json:"ifindex"`      // index of the interface
	ID      uint32 `json:"id,omitempty"` // of a program of the chain, in the kernel; 0 for all
}

// ChainClean removes what is left of chains that no interface runs, as of a loader that died. What
// an interface runs stays.
type ChainClean struct {
	Ifindex int `json:"ifindex"` // index of the interface, which may be gone
}

// Query asks for the loader's own view. A loader that has none answers unsupported.
type Query struct {
	Session string `json:"session,omitempty"`
	What    string `json:"what"`              // chain or metadata or unknown-fields or struct_ops
	Ifindex int    `json:"ifindex,omitempty"` // of chain: index of the interface
}

// Reset gives up all sessions. Nothing of the loader's may be left in the kernel but pins.
type Reset struct {
}

// Bye ends the conversation. The driver answers and exits with status 0.
type Bye struct {
}

// OK says that the loader did all that was asked. Which fields are set depends on the request.
type OK struct {
	Protocol int       `json:"protocol,omitempty"` // hello: the version chosen
	Loader   *Identity `json:"loader,omitempty"`   // hello
	// Hello: what the loader claims. What is not listed is not claimed. Any name may be claimed.
	Features map[Feature]Claim `json:"features,omitempty"`
	Maps     []MapView         `json:"maps,omitempty"`     // open: as declared; load: with ids
	Programs []ProgramView     `json:"programs,omitempty"` // open: as declared; load: with ids
	// Open with ignore_unknown_fields: the ignored fields, as map.field.
	Unknown []string `json:"unknown,omitempty"`
	ID      uint32   `json:"id,omitempty"`     // create: of the map
	Handle  string   `json:"handle,omitempty"` // attach: names the attachment in detach
	// Attach: of the bpf_link, 0 if there is none.
	LinkID uint32 `json:"link_id,omitempty"`
	Answer any    `json:"answer,omitempty"` // query: anything but null
}

// Unsupported says that the loader, or its driver, has no such feature.
type Unsupported struct {
	Feature Feature `json:"feature"` // which; for an unknown op or attribute its name
	Reason  string  `json:"reason,omitempty"`
	Issue   string  `json:"issue,omitempty"` // URL of the loader's own issue
}

// Rejected says that the loader, or the kernel through it, refused the input.
type Rejected struct {
	// How far the loader had come, refined by slashes.
	Stage Stage `json:"stage"`
	Class Class `json:"class"` // why, refined by slashes
	// Positive, the kernel's number; 0 if there is none.
	Errno   int    `json:"errno,omitempty"`
	Message string `json:"message,omitempty"` // for people; no spec reads it
	Log     string `json:"log,omitempty"`     // the verifier's, its last 64 KiB
	// For class invalid/incompatible-pin: the attributes in which pinned map and definition
	// disagree.
	Differs []Difference `json:"differs,omitempty"`
}

// Error says that the driver itself broke, or was asked something impossible. It counts against the
// driver, not the loader.
type Error struct {
	Message string `json:"message"`
	Trace   string `json:"trace,omitempty"`
}

// Kernel describes the running kernel.
type Kernel struct {
	Release string `json:"release"` // uname -r
	Arch    string `json:"arch"`    // uname -m
}

// Dirs holds the folders that a driver may use, as paths in its own root.
type Dirs struct {
	Work  string `json:"work"`  // scratch, empty at the start
	BPFFS string `json:"bpffs"` // a bpffs of this conversation's own
}

// MapAttributes holds what create asks the kernel for, unchanged. The loader rounds nothing, adds
// nothing and leaves nothing out.
type MapAttributes struct {
	Type       uint32 `json:"type"`                // the kernel's number
	KeySize    uint32 `json:"key_size"`            // bytes
	ValueSize  uint32 `json:"value_size"`          // bytes
	MaxEntries uint32 `json:"max_entries"`         // elements; bytes of a ring buffer
	Flags      uint32 `json:"map_flags,omitempty"` // BPF_F_*
	MapExtra   uint64 `json:"map_extra,omitempty"` // depends on the map's type
	NumaNode   uint32 `json:"numa_node,omitempty"` // counts if map_flags has BPF_F_NUMA_NODE
}

// OpenOptions says how an object is read.
type OpenOptions struct {
	// Accept BTF map definitions with fields that the loader does not know.
	IgnoreUnknownFields bool `json:"ignore_unknown_fields,omitempty"`
	// Folder for maps that ask to be pinned by name.
	PinRoot string `json:"pin_root,omitempty"`
	// What the structs of section maps are; if empty the loader's own rule holds.
	MapLayout MapLayout `json:"map_layout,omitempty"`
	// Where iproute2 has mounted bpffs: bpf_elf_maps are pinned in pin_mount/pin_subdir.
	PinMount string `json:"pin_mount,omitempty"`
	// The part of iproute2 that loads: tc, xdp or ip; tc if empty.
	PinSubdir string `json:"pin_subdir,omitempty"`
	// Decimal pinning ids to paths, as in iproute2's table bpf_pinning: a bpf_elf_map with such an
	// id is pinned in pin_mount/pin_subdir/../PATH.
	PinIDs map[string]string `json:"pin_ids,omitempty"`
	// Values for `__kconfig` externs, in lines of a kernel's configuration; the running kernel's
	// are used where it has none.
	Kconfig string `json:"kconfig,omitempty"`
	// Where the bpffs is mounted that delegates what a load takes: everything is made in the kernel
	// with a BPF token of it, and with none if empty.
	TokenPath string `json:"token_path,omitempty"`
	// Path of a kernel's BTF, raw or in an ELF file, that CO-RE is done against in place of the
	// running kernel's, its modules' too.
	KernelTypes string `json:"kernel_types,omitempty"`
	// Paths of more BTF for CO-RE, raw or in ELF files: whole, or split on the BTF that CO-RE is
	// done against.
	ExtraTypes []string `json:"extra_types,omitempty"`
	// What the driver registers before it opens the object.
	Handlers []Handler `json:"handlers,omitempty"`
}

// ChainPart says which program becomes a part of a linked chain, and when it runs.
type ChainPart struct {
	Session  string      `json:"session"`
	Program  string      `json:"program"`            // as in the object
	Priority int         `json:"priority,omitempty"` // as in chain_add
	Actions  []XDPAction `json:"actions,omitempty"`  // as in chain_add
}

// Identity names a loader and its version.
type Identity struct {
	Name string `json:"name"` // as in its loader.yaml
	// Of the loader, a number first; never a name that moves, such as main.
	Version  string `json:"version"`
	Language string `json:"language,omitempty"`
	Homepage string `json:"homepage,omitempty"`
	// Where bugs of the loader are reported.
	Issues string `json:"issues,omitempty"`
	// Libraries that matter to behaviour, name to version.
	Components map[string]string `json:"components,omitempty"`
}

// Claim gives a loader's word on one feature.
type Claim struct {
	Support Support `json:"support"`
	Reason  string  `json:"reason,omitempty"`
	Issue   string  `json:"issue,omitempty"` // URL of the loader's own issue
}

// MapView names a map as a loader does.
type MapView struct {
	Name string `json:"name"` // in the object
	// In the kernel; 0 before load, and for a map that was left out.
	ID uint32 `json:"id,omitempty"`
}

// ProgramView names a program as a loader does.
type ProgramView struct {
	Name    string `json:"name"` // in the object
	Section string `json:"section,omitempty"`
	// In the kernel; 0 before load, and for a program that was left out.
	ID uint32 `json:"id,omitempty"`
}

// Difference holds one attribute in which a pinned map and its definition disagree.
type Difference struct {
	// As in set, or type, key_size, value_size; with inner_map. in front, of a map of maps'
	// elements.
	Attribute Attribute `json:"attribute"`
	Pinned    uint64    `json:"pinned"`  // value of the pinned map
	Defined   uint64    `json:"defined"` // value of the definition
}

// Op returns [OpHello].
func (Hello) Op() Op { return OpHello }

// Op returns [OpCreate].
func (Create) Op() Op { return OpCreate }

// Op returns [OpOpen].
func (Open) Op() Op { return OpOpen }

// Op returns [OpSet].
func (Set) Op() Op { return OpSet }

// Op returns [OpLoad].
func (Load) Op() Op { return OpLoad }

// Op returns [OpAttach].
func (Attach) Op() Op { return OpAttach }

// Op returns [OpDetach].
func (Detach) Op() Op { return OpDetach }

// Op returns [OpUpdate].
func (Update) Op() Op { return OpUpdate }

// Op returns [OpPin].
func (Pin) Op() Op { return OpPin }

// Op returns [OpUnpin].
func (Unpin) Op() Op { return OpUnpin }

// Op returns [OpClose].
func (Close) Op() Op { return OpClose }

// Op returns [OpLink].
func (Link) Op() Op { return OpLink }

// Op returns [OpChainAdd].
func (ChainAdd) Op() Op { return OpChainAdd }

// Op returns [OpChainLink].
func (ChainLink) Op() Op { return OpChainLink }

// Op returns [OpChainRemove].
func (ChainRemove) Op() Op { return OpChainRemove }

// Op returns [OpChainClean].
func (ChainClean) Op() Op { return OpChainClean }

// Op returns [OpQuery].
func (Query) Op() Op { return OpQuery }

// Op returns [OpReset].
func (Reset) Op() Op { return OpReset }

// Op returns [OpBye].
func (Bye) Op() Op { return OpBye }

func (*OK) reply()          {}
func (*Unsupported) reply() {}
func (*Rejected) reply()    {}
func (*Error) reply()       {}

// ops are the operations of [Version], in alphabetical order.
var ops = []Op{
	OpAttach,
	OpBye,
	OpChainAdd,
	OpChainClean,
	OpChainLink,
	OpChainRemove,
	OpClose,
	OpCreate,
	OpDetach,
	OpHello,
	OpLink,
	OpLoad,
	OpOpen,
	OpPin,
	OpQuery,
	OpReset,
	OpSet,
	OpUnpin,
	OpUpdate,
}
