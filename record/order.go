// SPDX-License-Identifier: Apache-2.0

package record

import "time"

// Order is what the host asks of one guest, and the only thing it tells it.
type Order struct {
	Run    string   `json:"run"`    // the run's id, for reports
	Kernel string   `json:"kernel"` // as the host names it: a series, a path, or "native"
	Specs  []string `json:"specs"`  // ids, in the order in which to run them
	Loader Loader   `json:"loader"` // whom to run them with
	Limits Limits   `json:"limits"` //
}

// Loader says which loader to drive, and how it is started.
type Loader struct {
	Name    string   `json:"name"`              // as the host names it, with its version: "libbpf@1.1"
	Builtin string   `json:"builtin,omitempty"` // name of a loader that is linked into the guest
	Command []string `json:"command,omitempty"` // else: argv of its driver, in the bundle's root
	Env     []string `json:"env,omitempty"`     //
	Bundle  bool     `json:"bundle,omitempty"`  // the driver's root comes as the machine's payload
	Payload string   `json:"payload,omitempty"` // natively: the file that is the payload
}

// Limits are deadlines. The host has its own, longer ones.
type Limits struct {
	Request time.Duration `json:"request"` // one request to a loader
	Spec    time.Duration `json:"spec"`    // one spec
}

// DefaultLimits are what one request and one spec may take where nobody says otherwise, on a kernel that runs at full speed as on one that is
// emulated: a clone under TCG runs cold code at a few percent of it, and a spec there takes about a third of a second.
var DefaultLimits = Limits{Request: 20 * time.Second, Spec: 60 * time.Second}
