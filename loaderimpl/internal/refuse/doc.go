// SPDX-License-Identifier: Apache-2.0

// Package refuse says why an object is refused: the stage of the load, the class of the fault, and
// one sentence for each reason that tells the reader what to do. All other layers of the loader
// stand on it, and package loaderimpl exports what its callers need.
package refuse
