// SPDX-License-Identifier: Apache-2.0

package loaderimpl

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A defined name can be in any of the objects that a source is split into.
type defined struct {
	declaration string // in the objects that do not define it
	definition  string
	weak        string // another definition, which loses; empty for none
}

// A unit is a source that was made at random: programs that call functions, and all of them read
// and write variables and maps.
type unit struct {
	random   *rand.Rand
	names    []defined
	uses     []string // statements that read or write a variable or a map, and change x
	depth    []int    // of calls, by function
	programs []string
}

// newUnit makes a source. The same seed makes the same.
func newUnit(seed uint64) *unit {
	u := &unit{random: rand.New(rand.NewPCG(seed, 0))}
	for i := range 3 + u.random.IntN(6) {
		u.addVariable(i)
	}
	for i := range 1 + u.random.IntN(3) {
		u.addMap(i)
	}
	for i := range 3 + u.random.IntN(6) {
		u.addFunction(i)
	}
	for i := range 2 + u.random.IntN(3) {
		name := fmt.Sprintf("program_%d", i)
		u.programs = append(u.programs, name)
		u.names = append(u.names, defined{definition: fmt.Sprintf(
			"SEC(\"xdp\") int %s(struct xdp_md *ctx)\n{\n\t__u32 x = %d;\n%s\treturn x;\n}\n", name,
			u.random.IntN(1000), u.body(4))})
	}
	return u
}

func (u *unit) addVariable(i int) {
	name := fmt.Sprintf("variable_%d", i)
	number := func() int { return u.random.IntN(1 << 16) }
	section := [...]string{"", `SEC(".data.named")`, `SEC(".bss.named")`}[u.random.IntN(3)]
	value := func(format string, of ...any) string {
		if section == `SEC(".bss.named")` || u.random.IntN(3) == 0 {
			return ""
		}
		return " = " + fmt.Sprintf(format, of...)
	}
	add := func(kind, after, initial, use string) {
		use = strings.ReplaceAll(use, "V", name)
		u.uses = append(u.uses, use)
		u.names = append(u.names, defined{
			declaration: fmt.Sprintf("extern volatile %s %s%s %s;\n", kind, name, after, section),
			definition: fmt.Sprintf("volatile %s %s%s %s%s;\n", kind, name, after, section,
				initial)})
	}
	switch u.random.IntN(5) {
	case 0:
		add("__u32", "", value("%d", number()), "x += V; V = x;")
	case 1:
		add("__u8", "", value("%d", number()&0xff), "x ^= V; V += x;")
	case 2:
		add("__u64", "[3]", value("{%d, %d, %d}", number(), number(), number()),
			"x += V[1]; V[2] += x;")
	case 3:
		add("struct pair", "", value("{%d, %d}", number()&0xff, number()), "x ^= V.b; V.a += x;")
	default:
		section = ""
		add("const __u32", "", fmt.Sprintf(" = %d", number()), "x = 3 * x + V;")
	}
}

func (u *unit) addMap(i int) {
	kind := [...]string{"BPF_MAP_TYPE_ARRAY", "BPF_MAP_TYPE_HASH"}[u.random.IntN(2)]
	what := fmt.Sprintf("struct { __uint(type, %s); __type(key, __u32); __type(value, struct pair); "+
		"__uint(max_entries, %d); } map_%d ", kind, 4+u.random.IntN(8), i)
	u.names = append(u.names, defined{declaration: "extern " + what + "EXTERN_SEC(\".maps\");\n",
		definition: what + "SEC(\".maps\");\n"})
	u.uses = append(u.uses, fmt.Sprintf(`{
		__u32 key = x & 3;
		struct pair one = {x, 1}, *found = bpf_map_lookup_elem(&map_%[1]d, &key);

		if (found)
			x += found->b++;
		else
			bpf_map_update_elem(&map_%[1]d, &key, &one, BPF_ANY);
	}`, i))
}

// deepest limits calls, as the kernel does (MAX_CALL_FRAMES, 8 with the program and the function
// that each has for itself).
const deepest = 5

func (u *unit) addFunction(i int) {
	body := u.body(3)
	deep := 0
	for j := range u.depth {
		if strings.Contains(body, fmt.Sprintf("function_%d(", j)) {
			deep = max(deep, u.depth[j]+1)
		}
	}
	head := fmt.Sprintf("int function_%d(int x)", i)
	d := defined{
		declaration: "extern " + head + ";\n",
		definition: fmt.Sprintf(`static volatile __u32 own_%[1]d = %[2]d;
static volatile __u64 own_zeros_%[1]d[2];
static __attribute__((noinline)) int own_function_%[1]d(int x)
{
	own_zeros_%[1]d[1] += x;
	return own_%[1]d++ + own_zeros_%[1]d[1];
}
__attribute__((noinline)) %[3]s
{
%[4]s	return x + own_function_%[1]d(x);
}
`, i, u.random.IntN(1000), head, body),
	}
	if u.random.IntN(3) == 0 {
		d.weak = fmt.Sprintf("__weak __attribute__((noinline)) %s\n{\n\treturn x + 12345;\n}\n", head)
	}
	u.names, u.depth = append(u.names, d), append(u.depth, deep)
}

// body returns statements, some of them calls of functions that were made before.
func (u *unit) body(most int) string {
	var b strings.Builder
	for range 1 + u.random.IntN(most) {
		if j := u.random.IntN(len(u.depth) + 1); j < len(u.depth) && u.depth[j] < deepest-1 {
			fmt.Fprintf(&b, "\tx += function_%d(x + %d);\n", j, u.random.IntN(10))
		}
		fmt.Fprintf(&b, "\t%s\n", u.uses[u.random.IntN(len(u.uses))])
	}
	return b.String()
}

const splitHead = "#include \"bpf.h\"\nstruct pair { __u32 a; __u64 b; };\n"

// whole returns the source as one.
func (u *unit) whole() string {
	source := splitHead
	for _, d := range u.names {
		source += d.definition
	}
	return source
}

// split returns the source as several: each name is defined in one of them.
func (u *unit) split(n int) []string {
	sources := make([]string, n)
	for i := range sources {
		sources[i] = splitHead
	}
	for _, d := range u.names {
		home := u.random.IntN(n)
		for i := range sources {
			switch {
			case i == home:
				sources[i] += d.definition
			case d.weak != "" && u.random.IntN(2) == 0:
				sources[i] += d.weak
			default:
				sources[i] += d.declaration
			}
		}
	}
	u.random.Shuffle(n, func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
	return sources
}

// compileSources returns the paths of the objects that sources make.
func compileSources(t *testing.T, sources ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, source := range sources {
		path := filepath.Join(dir, fmt.Sprintf("part_%d.o", i))
		do(t, os.WriteFile(path+".c", []byte(source), 0o644))
		clang := exec.Command("clang-19", "-target", "bpf", "-mcpu=v2", "-g", "-O2", "-nostdinc",
			"-I../objects/include", "-c", path+".c", "-o", path)
		if out, err := clang.CombinedOutput(); err != nil {
			t.Fatalf("compile (make setup installs clang-19): %v\n%s\n%s", err, out, source)
		}
		paths = append(paths, path)
	}
	return paths
}

// behave loads objects, and returns what their programs return when they run one after the other,
// several times. Each run sees what the ones before wrote.
func behave(t *testing.T, programs []string, paths ...string) []uint32 {
	t.Helper()
	o, err := Open(paths, Options{})
	do(t, err)
	l, err := o.Load(LoadOptions{})
	do(t, err)
	var all []uint32
	for range 5 {
		for _, name := range programs {
			got, _, err := l.Programs[name].Test(make([]byte, 64))
			do(t, err)
			all = append(all, got)
		}
	}
	do(t, l.Close())
	return all
}

// A source that is split into several, compiled and linked, does what it does as one, however it is
// split: each seed makes another source, and splits it twice.
func TestSplitSourceBehavesAsOne(t *testing.T) {
	needsBPF(t)
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			u := newUnit(seed)
			want := behave(t, u.programs, compileSources(t, u.whole())...)
			for _, n := range []int{2, 2 + u.random.IntN(3)} {
				sources := u.split(n)
				paths := compileSources(t, sources...)
				got := behave(t, u.programs, paths...)
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%d objects: programs return %v, and as one %v\n%s", n, got, want,
						strings.Join(sources, "\n/* next */\n"))
				}
			}
		})
	}
}
