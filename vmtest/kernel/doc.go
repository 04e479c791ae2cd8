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
//	    lib/modules/<release>/      .ko, .ko.xz or .ko.zst as packaged, and modules.dep
//	    manifest.json               size and SHA-256 of each file, written last
//	    stamps.json                 what the files looked like when last hashed
//
// A directory there is complete or absent: it is filled below .tmp, under a lock of its own below
// .lock, and moved into place with one rename. What a killed process leaves below .tmp is removed
// by the next that wants the same kernel, or by a prune. Point releases vanish from mirrors; what
// is in the cache stays, and can be asked for by its exact version.
//
//	store, err := kernel.Open(kernel.Options{})
//	k, err := store.Get(ctx, "6.12")
//	config, err := k.Kconfig()
//	modules, err := k.Closure("veth", "cls_bpf")
//
// Read in this order: kernel.go (what a kernel is), store.go (names to kernels), offer.go,
// debian.go and matrix.go (where they come from), manifest.go and prune.go (keeping them), local.go
// (kernels given by a path), image.go and image_arch.go (boot images), modules.go, modinfo.go and
// depmod.go (what can be loaded), config.go and feature.go (what was built in), errors.go.
package kernel
