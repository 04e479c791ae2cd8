// SPDX-License-Identifier: Apache-2.0

// Package faults is a driver that breaks one rule of the loader protocol, and keeps all others: for
// tests of the client, of the suite and of the harness, which must call each fault by its name,
// lose no other result, and leave no process behind.
//
// The driver is a proxy before a loader that behaves. The variable LOADSTONE_FAULT names the
// fault, LOADSTONE_FAULT_AT the operation at which it strikes if not at its usual one, and
// LOADSTONE_FAULT_SPEC the only spec in which it strikes; LOADSTONE_FAULT_NAME is the name that it
// greets with, and LOADSTONE_FAULT_FOR is how long a slow fault takes.
//
// Read proxy.go, then fault.go, the list, and hostile.go: drivers that want a verdict that they
// have not earned.
package faults
