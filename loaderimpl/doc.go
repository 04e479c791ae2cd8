// SPDX-License-Identifier: Apache-2.0

// Package loaderimpl is loadstone's reference loader for BPF objects.
package loaderimpl
