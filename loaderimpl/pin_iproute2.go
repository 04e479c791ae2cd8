// SPDX-License-Identifier: Apache-2.0

package loaderimpl

// Iproute2Pinning is where iproute2 pins a map.
type Iproute2Pinning uint32
