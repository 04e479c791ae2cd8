// SPDX-License-Identifier: Apache-2.0

package repro

import (
	"time"

	"github.com/loadstone-bpf/loadstone/verdict"
)

// Format gives the version of the bundles that this package writes. It grows by optional fields; a
// number is for what old readers would misunderstand.
const Format = 1

// A Manifest says what a bundle is about, for programs.
type Manifest struct {
	Format    int            `json:"format"`
	Run       string         `json:"run"` // its id
	Started   time.Time      `json:"started"`
	Loadstone verdict.Build  `json:"loadstone"`
	Guest     string         `json:"guest"` // SHA-256 of the guest program, which has the specs
	Host      verdict.Host   `json:"host"`
	Kernel    verdict.Kernel `json:"kernel"`
	Loader    verdict.Loader `json:"loader"`
	// how guests were shared in the run, and the order of their specs
	Isolation string `json:"isolation,omitempty"`
	Seed      uint64 `json:"seed,omitempty"`
	// loaders that are linked into the guest were started as processes
	Process bool `json:"process,omitempty"`
	// as run.jsonl has it, without the end of the conversation and of the console, which are whole
	// in files of their own
	Verdict verdict.Verdict `json:"verdict"`
	Again   string          `json:"again"` // the command that runs it again, without the bundle
	// the loader's programs that the suite gave it, in the order in which it was given them
	Objects []Object `json:"objects"`
	Files   []File   `json:"files"` // all others of the archive, by name
}

// Object describes a file that the suite wrote for the loader.
type Object struct {
	Path string `json:"path"`           // in the loader's root, as the conversation names it
	File string `json:"file,omitempty"` // of the bundle; "" where it is left out
	Size int    `json:"size"`           // bytes
}

// File describes a file of the archive.
type File struct {
	Name   string `json:"name"`
	Size   int    `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}
