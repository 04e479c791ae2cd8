// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadstone-bpf/loadstone/verdict"
	"github.com/loadstone-bpf/loadstone/vmtest/wholefile"
)

// A Format names a kind of report that is a file.
type Format string

// The formats.
const (
	HTML     Format = "html"     // report.html: one page, nothing else needed
	JUnit    Format = "junit"    // junit.xml: for whatever reads test results
	Markdown Format = "markdown" // summary.md: for the summary of a CI job
	Findings Format = "findings" // findings.md: where each loader falls short, for its authors
	KTAP     Format = "ktap"     // run.ktap: for what reads results of kernel tests
	KCIDB    Format = "kcidb"    // kcidb.json: for KernelCI's database
)

// Formats lists all formats.
var Formats = []Format{HTML, JUnit, Markdown, Findings, KTAP, KCIDB}

// Name returns the name of the file.
func (f Format) Name() string {
	return map[Format]string{
		HTML: "report.html", JUnit: "junit.xml", Markdown: "summary.md", Findings: "findings.md",
		KTAP: "run.ktap", KCIDB: "kcidb.json",
	}[f]
}

// write writes the report of this format; origin is for [KCIDB].
func (f Format) write(w io.Writer, file *verdict.File, origin string) error {
	switch f {
	case HTML:
		return writePage(w, file)
	case JUnit:
		return writeJUnit(w, file)
	case Markdown:
		return writeMarkdown(w, file)
	case Findings:
		return writeShortfalls(w, file)
	case KTAP:
		return writeKTAP(w, file)
	case KCIDB:
		return writeKCIDB(w, file, origin)
	}
	return fmt.Errorf("unknown report format %q; there are %s", f, strings.Join(names(Formats), ", "))
}

func names(formats []Format) []string {
	var ns []string
	for _, f := range formats {
		ns = append(ns, string(f))
	}
	return ns
}

// Write writes reports into a directory, which it creates if it is missing, and returns their
// paths. Each file is complete, or as it was before.
func Write(dir string, file *verdict.File, formats ...Format) ([]string, error) {
	return WriteFrom(DefaultOrigin, dir, file, formats...)
}

// WriteFrom does what [Write] does, and names the system that results come from, which
// [CheckOrigin] allows.
func WriteFrom(origin, dir string, file *verdict.File, formats ...Format) ([]string, error) {
	return writeFiles(dir, formats, Format.Name, func(f Format, w io.Writer) error {
		return f.write(w, file, origin)
	})
}

// writeFiles writes a file for each format into a directory, which it creates if it is missing.
func writeFiles(
	dir string, formats []Format, name func(Format) string, write func(Format, io.Writer) error,
) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("write reports: %w", err)
	}
	var paths []string
	for _, f := range formats {
		var b bytes.Buffer
		if err := write(f, &b); err != nil {
			return paths, fmt.Errorf("write reports: %w", err)
		}
		path := filepath.Join(dir, name(f))
		if err := wholefile.Write(path, b.Bytes(), 0o644); err != nil {
			return paths, fmt.Errorf("write reports: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// HistoryFormats lists the formats that a history of several runs has.
var HistoryFormats = []Format{HTML, Markdown}

// HistoryName returns the name of the file with a history in this format: "history.html".
func (f Format) HistoryName() string {
	return map[Format]string{HTML: "history.html", Markdown: "history.md"}[f]
}

// WriteHistory writes a history into a directory as [Write] does reports, in formats of
// [HistoryFormats].
func WriteHistory(dir string, h *History, formats ...Format) ([]string, error) {
	return writeFiles(dir, formats, Format.HistoryName, func(f Format, w io.Writer) error {
		switch f {
		case HTML:
			return writeHistoryPage(w, h)
		case Markdown:
			_, err := w.Write(HistoryMarkdown(h))
			return err
		}
		return fmt.Errorf("unknown format of a history %q; there are %s", f,
			strings.Join(names(HistoryFormats), ", "))
	})
}
