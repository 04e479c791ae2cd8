// SPDX-License-Identifier: Apache-2.0

// Package kernel knows where kernels come from and keeps them.
//
// A kernel is named by its series ("6.12"), by an exact version
// ("6.12@6.12.117-1"), by a path (an image, a directory, a build tree) or as
// "native". A series is resolved to the newest version that any Debian suite
// on the mirror has, fetched with package apt, and kept in the cache:
//
//	$XDG_CACHE_HOME/loadstone/kernels/<arch>/<release>_<version>/
//	    vmlinuz                     boot image, a bzImage on amd64
//	    config                      kconfig
//	    lib/modules/<release>/      .ko, .ko.xz or .ko.zst as packaged
//	    manifest.json               size and SHA-256 of each file, written last
//
// A directory there is complete or absent: it is filled under .tmp, and moved
// into place with one rename.
package kernel
