// SPDX-License-Identifier: Apache-2.0

// Package wholefile writes files that other processes see whole or not at all,
// and computes the digests by which a later reader knows that a file still is
// what was written.
//
// A file is written under a temporary name, synced and renamed: a program that
// is killed leaves the old file, and so does a machine that loses power. Folders
// that appear at once are renamed by their owners, which hold a lock meanwhile
// and know what else lies beside them.
//
// Read write.go (writing), digest.go (telling that nothing changed).
package wholefile
