// SPDX-License-Identifier: Apache-2.0

package requirements

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestSourceAsTextAndLink(t *testing.T) {
	for _, tc := range []struct {
		source    Source
		text, url string
	}{
		{
			Source{Kind: "kernel", File: "kernel/bpf/inode.c", Symbol: "bpf_lookup", Note: "-EPERM"},
			"Linux v6.12: bpf_lookup in kernel/bpf/inode.c (-EPERM)",
			"https://github.com/torvalds/linux/blob/v6.12/kernel/bpf/inode.c",
		},
		{
			Source{Kind: "kernel", Version: "v5.3", Commit: "0cdbb4b09a06"},
			"Linux v5.3: commit 0cdbb4b09a06",
			"https://git.kernel.org/torvalds/c/0cdbb4b09a06",
		},
		{
			Source{Kind: "libbpf", Version: "v0.8.1", File: "src/libbpf.c", Symbol: "bpf_object__init_user_maps"},
			"libbpf v0.8.1: bpf_object__init_user_maps in src/libbpf.c",
			"https://github.com/libbpf/libbpf/blob/v0.8.1/src/libbpf.c",
		},
		{Source{Kind: "libbpf", Issue: 531}, "libbpf: issue 531", "https://github.com/libbpf/libbpf/issues/531"},
		{
			Source{Kind: "cilium", File: "map.go", Symbol: "MapSpec.Compatible"},
			"cilium/ebpf v0.22.0: MapSpec.Compatible in map.go",
			"https://github.com/cilium/ebpf/blob/v0.22.0/map.go",
		},
		{
			Source{Kind: "iproute2", File: "lib/bpf_legacy.c", Symbol: "bpf_map_attach"},
			"iproute2 v6.15.0: bpf_map_attach in lib/bpf_legacy.c",
			"https://github.com/iproute2/iproute2/blob/v6.15.0/lib/bpf_legacy.c",
		},
		{
			Source{Kind: "libxdp", File: "lib/libxdp/libxdp.c", Symbol: "xdp_program__attach_multi"},
			"xdp-tools v1.6.3: xdp_program__attach_multi in lib/libxdp/libxdp.c",
			"https://github.com/xdp-project/xdp-tools/blob/v1.6.3/lib/libxdp/libxdp.c",
		},
		{
			Source{Kind: "bpftool", File: "src/map.c", Symbol: "do_create"},
			"bpftool v7.7.0: do_create in src/map.c",
			"https://github.com/libbpf/bpftool/blob/v7.7.0/src/map.c",
		},
		{
			Source{Kind: "aya", File: "aya-obj/src/obj.rs", Symbol: "parse_map_def"},
			"aya v0.14.0: parse_map_def in aya-obj/src/obj.rs",
			"https://github.com/aya-rs/aya/blob/aya-v0.14.0/aya-obj/src/obj.rs",
		},
		{
			Source{Kind: "elf", File: "ch4.symtab.html", Symbol: "STB_GLOBAL"},
			"ELF gABI 4+: STB_GLOBAL in ch4.symtab.html",
			"https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.symtab.html",
		},
		{
			Source{Kind: "thread", MessageID: "87y2wimpo2.fsf@toke.dk", Subject: "Re: static and dynamic linking."},
			"Re: static and dynamic linking. <87y2wimpo2.fsf@toke.dk>",
			"https://lore.kernel.org/bpf/87y2wimpo2.fsf@toke.dk/",
		},
		{
			Source{Kind: "thread", MessageID: "a/b?c@host", Subject: "What is in an id."},
			"What is in an id. <a/b?c@host>",
			"https://lore.kernel.org/bpf/a%2Fb%3Fc@host/",
		},
		{Source{Kind: "ours", Reason: "It is right."}, "ours: It is right.", ""},
		{
			Source{Kind: "ours", File: "docs/loader-protocol.md", Reason: "It is right."},
			"ours: It is right. (docs/loader-protocol.md)",
			"https://github.com/loadstone-bpf/loadstone/blob/main/docs/loader-protocol.md",
		},
	} {
		if problems := tc.source.problems(); len(problems) > 0 {
			t.Errorf("%+v: %s", tc.source, strings.Join(problems, "; "))
		}
		s := tc.source.withRelease()
		if got := s.String(); got != tc.text {
			t.Errorf("text %q, want %q", got, tc.text)
		}
		if got := s.URL(); got != tc.url {
			t.Errorf("%s: link %q, want %q", tc.text, got, tc.url)
		}
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	const neither = "want one of file with symbol, commit with version, and issue"
	for _, tc := range []struct{ name, source, want string }{
		{"nothing", "{}", `unknown kind "", have aya, bpftool, cilium, elf, iproute2, kernel, libbpf, libxdp, ours, thread`},
		{
			"an unknown kind", "{kind: seed, file: a.txt, symbol: b}",
			`unknown kind "seed", have aya, bpftool, cilium, elf, iproute2, kernel, libbpf, libxdp, ours, thread`,
		},
		{"a project alone", "{kind: libbpf}", neither},
		{"a project with a note", "{kind: libbpf, version: v1.7.0, note: it does so}", neither},
		{"a file and a commit", "{kind: libbpf, version: v1.7.0, file: src/libbpf.c, symbol: f, commit: 0123456789ab}", neither},
		{"a file without a symbol", "{kind: libbpf, file: src/libbpf.c}", "no symbol: what to look for in src/libbpf.c"},
		{"a symbol without a file", "{kind: libbpf, symbol: f}", `file "" is in no folder of libbpf`},
		{"a file of another project", "{kind: libbpf, file: kernel/bpf/inode.c, symbol: f}", `file "kernel/bpf/inode.c" is in no folder of libbpf`},
		{"a file that is a URL", "{kind: kernel, file: \"kernel//inode.c?h=x\", symbol: f}", `file "kernel//inode.c?h=x" is in no folder of Linux`},
		{"a file outside", "{kind: kernel, file: kernel/../inode.c, symbol: f}", `file "kernel/../inode.c" is in no folder of Linux`},
		{"a branch", "{kind: libbpf, version: master, file: src/libbpf.c, symbol: f}", `version "master" is not a release such as v1.7.0`},
		{"half a commit", "{kind: libbpf, version: v1.7.0, commit: 0123abc}", `commit "0123abc" is not 8 to 40 hex digits`},
		{"no commit", "{kind: libbpf, version: v1.7.0, commit: parse_btf_map_def}", `commit "parse_btf_map_def" is not 8 to 40 hex digits`},
		{"a commit without a version", "{kind: libbpf, commit: 0123456789ab}", "no version: the first release that has commit 0123456789ab"},
		{"a commit of a standard", "{kind: elf, version: v4.1, commit: 0123456789ab}", "ELF gABI 4+ has no commits"},
		{"an issue of the kernel", "{kind: kernel, issue: 5}", "Linux has no issues"},
		{"a negative issue", "{kind: libbpf, issue: -5}", "issue -5 is not positive"},
		{"an issue with a version", "{kind: libbpf, issue: 5, version: v1.7.0}", "an issue has no version"},
		{"a project's reason", "{kind: libbpf, issue: 5, reason: It is.}", "a reason is of ours"},
		{"a project's message", "{kind: libbpf, issue: 5, message_id: a@b}", "message_id and subject are of a thread"},
		{"a thread without an id", "{kind: thread, subject: Maps}", `message_id "" is not of the form name@host`},
		{"an id without a host", "{kind: thread, subject: Maps, message_id: abc}", `message_id "abc" is not of the form name@host`},
		{"a thread without a subject", "{kind: thread, message_id: a@b}", "no subject"},
		{"a thread's file", "{kind: thread, message_id: a@b, subject: c, file: docs/a.md}", "a thread has no file and no reason"},
		{"a thread's commit", "{kind: thread, message_id: a@b, subject: c, commit: 0123456789ab}", "version, symbol, commit and issue are of a project, which thread is not"},
		{"ours without a reason", "{kind: ours}", `reason "" is no sentence: it does not end with a full stop`},
		{"half a reason", "{kind: ours, reason: because}", `reason "because" is no sentence: it does not end with a full stop`},
		{"our file elsewhere", "{kind: ours, reason: It is., file: run/plan.go}", `file "run/plan.go" is not in docs`},
		{"our thread", "{kind: ours, reason: It is., subject: Maps}", "message_id and subject are of a thread"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := entryWith("area.one", must, forNUMA, "sources:", "  - "+tc.source)
			_, err := Parse(fstest.MapFS{"area.yaml": {Data: []byte(text)}})
			if err == nil {
				t.Fatal("no mistake is reported")
			}
			if diff := cmp.Diff("area.yaml:5: area.one: source: "+tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, tc := range []struct{ name, sources, want string }{
		{"a field that is not known", "sources: [{kind: ours, reason: It is., why: because}]", `area.yaml:4: unknown key "why", have ` + strings.Join(sourceKeys, ", ")},
		{"none", "sources: []", "area.yaml:1: area.one: no source"},
		{
			"text", "sources: [seed 000]",
			"area.yaml:4: want a mapping\narea.yaml:1: yaml: unmarshal errors:\n  line 4: cannot unmarshal !!str `seed 000` into requirements.Source",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse(fstest.MapFS{"area.yaml": {Data: []byte(entryWith("area.one", must, forNUMA, tc.sources))}})
			if err == nil {
				t.Fatal("no mistake is reported")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNothingIsCitedThatIsNotPublished looks for names that mean something to the project's authors
// only: the cases of their inventory, the threads by number, and the project's own issues.
func TestNothingIsCitedThatIsNotPublished(t *testing.T) {
	set, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	private := regexp.MustCompile(`\b(MD|NU|PI|MM|GD|LK|XC|SO|XH|CR|BT|EL)-[0-9]{3}\b|\b[Ss]eed [0-9]|\binventory\b|\bissue [0-9]+, section`)
	for _, r := range set.All() {
		for _, s := range r.Sources {
			if found := private.FindString(s.String()); found != "" {
				t.Errorf("%s: source %q cites %s", r.ID, s, found)
			}
		}
		if found := private.FindString(r.Sentence); found != "" {
			t.Errorf("%s: %q cites %s", r.ID, r.Sentence, found)
		}
	}
}
