// SPDX-License-Identifier: Apache-2.0

// Package apttest is a Debian mirror for tests: signed releases and real
// packages behind an HTTP server of this process, so that tests of what uses
// package apt run with the real apt and without a network.
//
// Read mirror.go first; openpgp.go signs, disk.go has disks that fill up.
package apttest
