// SPDX-License-Identifier: Apache-2.0

package loader

// EnvDriver makes the test binary a driver: one of Drivers.
const EnvDriver = envDriver

// Drivers lists what the test binary can be, by the value of [EnvDriver].
var Drivers = map[string]func(){"modest": func() { Main(&modest{}) }}

// Modest returns a loader that opens and loads nothing, and says so.
func Modest() Loader { return &modest{} }

// Group returns the number of the driver's process group.
func (c *Client) Group() int { return c.process.cmd.Process.Pid }
