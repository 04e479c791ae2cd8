// SPDX-License-Identifier: Apache-2.0

// Package need asks the running kernel whether it has what an object needs: types of maps and
// programs, helpers, functions and types of its own, symbols, options of its configuration.
//
// Read need.go.
package need
