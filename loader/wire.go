// SPDX-License-Identifier: Apache-2.0

package loader

// MaxLine is the longest line of the protocol in bytes, without its newline. A longer one is a fault of whoever wrote it.
const MaxLine = 1 << 20

// EnvFDs is the variable that says on which descriptors a driver speaks, where that is not stdin and stdout.
const EnvFDs = "LOADSTONE_FDS"

const fdsValue = "3,4" // requests are read from 3, replies written to 4
