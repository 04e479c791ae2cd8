// SPDX-License-Identifier: Apache-2.0

package record

// Spec describes one line of a guest program's catalogue: what it can be asked to run. The host
// learns it from the program itself, before any machine starts, and owes a verdict for each spec it
// then orders.
type Spec struct {
	ID          string `json:"spec"`
	Requirement string `json:"requirement"`
	Suite       string `json:"suite"`
	Place       string `json:"place"` // folder/file.go:line of the registration
}

// TrialSpec names the spec that a driver has to pass before its results count, and that a guest
// runs before its template is taken. Package suites/check holds it, and no catalogue.
const TrialSpec = "check.load"
