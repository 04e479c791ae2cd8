// SPDX-License-Identifier: Apache-2.0

//go:build ignore

/*
 * The libbpf driver: speaks version 1 of the loader protocol on stdin and stdout and does with libbpf what it is asked.
 *
 * One line is one request, one line is its reply. A reply says what libbpf's API said, as a number: libbpf's log goes to stderr for people
 * and is never read. Nothing here repairs, retries or guesses on libbpf's behalf, since libbpf is what is being looked at.
 *
 * Order to read in: replies, sessions, an operation after the other, the conversation at the end. How JSON is read stands in json.h.
 *
 * Compiles with the headers of libbpf 0.3 to 1.7, for the library that it will run with. C11, libbpf and libc only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "json.h"

/* Before 0.6 libbpf did not say its version, neither in a header nor at run time. Whoever compiles this says it then. */
#ifndef LIBBPF_MAJOR_VERSION
#define LIBBPF_MAJOR_VERSION 0
#define LIBBPF_MINOR_VERSION 0
#define libbpf_version_string() DRIVER_VERSION
#endif
#define AT_LEAST(major, minor) (LIBBPF_MAJOR_VERSION > (major) || (LIBBPF_MAJOR_VERSION == (major) && LIBBPF_MINOR_VERSION >= (minor)))

#define MAX_LOG (64 << 10) /* bytes of the verifier's log in a reply: the last ones */

/* ---- replies ---- */

static FILE *replies;		/* what was stdout: a library that prints there must not end up in the conversation */
static unsigned int seq;	/* of the request that is being answered, from 1; 0 before it is read */
static jmp_buf next_request;	/* where fail() goes on */

/* The request makes no sense to this driver. Nothing of it has been done. One that has no number to answer to ends the conversation. */
static void fail(const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (!seq) {
		fprintf(stderr, "read request: %s\n", message);
		exit(1);
	}
	put(replies, "{\"seq\":%u,\"error\":{\"message\":%s}}\n", seq, message);
	longjmp(next_request, 1);
}

static void reply_ok(void)
{
	put(replies, "{\"seq\":%u,\"ok\":{}}\n", seq);
}

static void reply_unsupported(const char *feature, const char *reason)
{
	put(replies, "{\"seq\":%u,\"unsupported\":{\"feature\":%s,\"reason\":%s}}\n", seq, feature, reason);
}

/*
 * The class that an error number stands for: the coarse one of loader.ClassOf, since a caller of libbpf learns no more. Numbers from 4000 are
 * libbpf's own. A number of no class says so, rather than be put where it could pass for an expected refusal.
 */
static const char *class_of(int err)
{
	switch (err) {
	case LIBBPF_ERRNO__LIBELF: return "malformed/elf";
	case LIBBPF_ERRNO__FORMAT: case LIBBPF_ERRNO__KVERSION: return "malformed";
	case LIBBPF_ERRNO__RELOC: return "invalid/relocation";
	case LIBBPF_ERRNO__VERIFY: return "verifier";
	case LIBBPF_ERRNO__PROG2BIG: return "limit";
	case LIBBPF_ERRNO__KVER: case LIBBPF_ERRNO__PROGTYPE: return "not-supported/kernel";
	case LIBBPF_ERRNO__ENDIAN: return "not-supported";
	case EINVAL: case EDOM: case ERANGE: return "invalid";
	case EOPNOTSUPP: case 524 /* the kernel's ENOTSUPP */: case ENOSYS: case EPROTONOSUPPORT: case EAFNOSUPPORT: return "not-supported";
	case ENOENT: case ESRCH: case ENODEV: case ENXIO: return "not-found";
	case EEXIST: return "name-conflict";
	case EPERM: case EACCES: return "permission";
	case E2BIG: case ENOMEM: case ENOSPC: case ENAMETOOLONG: case EMFILE: case ENFILE: case EFBIG: return "limit";
	case EBUSY: case EAGAIN: case ETXTBSY: return "busy";
	case ENOEXEC: case EBADMSG: case EILSEQ: return "malformed";
	case EIO: case EROFS: case ENOTDIR: case EISDIR: case EBADF: return "io";
	default: return "unclassified";
	}
}

/* err is positive. The log is the verifier's, or empty. */
static void reply_rejected(const char *stage, const char *class, int err, const char *log)
{
	char message[256];

	libbpf_strerror(err, message, sizeof(message));
	put(replies, "{\"seq\":%u,\"rejected\":{\"stage\":%s,\"class\":%s,", seq, stage, class);
	put(replies, "\"errno\":%u,\"message\":%s", err < LIBBPF_ERRNO__LIBELF ? err : 0, message);
	if (*log)
		put(replies, ",\"log\":%s", strlen(log) > MAX_LOG ? log + strlen(log) - MAX_LOG : log);
	put(replies, "}}\n");
}

/* Answers with success where err is 0, with a refusal where it is an error number of either sign. */
static void reply_result(const char *stage, int err)
{
	if (err)
		reply_rejected(stage, class_of(abs(err)), abs(err), "");
	else
		reply_ok();
}

/* ---- sessions ---- */

struct attachment {
	struct bpf_link *link;
	char handle[16];
	struct attachment *next;
};

struct session {
	char *name;
	struct bpf_object *object;	/* NULL once a load was refused */
	struct attachment *attachments;
	struct session *next;
};

static struct session *sessions;

static void *allocate(size_t size)
{
	void *p = calloc(1, size);

	if (!p) {
		perror("memory for a session");
		exit(1);
	}
	return p;
}

static struct session **find_session(const char *name)
{
	struct session **s = &sessions;

	while (*s && strcmp((*s)->name, name))
		s = &(*s)->next;
	return s;
}

static struct session *session_of(const struct value *request)
{
	const char *name = string(request, "session");
	struct session *s = *find_session(name);

	if (!s || !s->object)
		fail("session %s: not open, or its load was refused", name);
	return s;
}

static int detach(struct attachment **a)
{
	struct attachment *gone = *a;
	int err = bpf_link__destroy(gone->link);

	*a = gone->next;
	free(gone);
	return err;
}

static void close_session(struct session **s)
{
	struct session *gone = *s;

	while (gone->attachments)
		detach(&gone->attachments);
	bpf_object__close(gone->object);
	*s = gone->next;
	free(gone->name);
	free(gone);
}

static void close_sessions(void)
{
	while (sessions)
		close_session(&sessions);
}

static unsigned int id_of(int fd)
{
	__u32 info[2] = { 0 }, size = sizeof(info); /* the info of maps, programs and links starts with type and id */

	if (bpf_obj_get_info_by_fd(fd, info, &size)) {
		perror("id of what libbpf says it made"); /* no reply would be true */
		exit(1);
	}
	return info[1];
}

/* What the object declares; with ids where it is loaded. */
static void reply_view(struct bpf_object *object)
{
	struct bpf_program *program;
	struct bpf_map *map;
	const char *comma = "";
	int fd;

	put(replies, "{\"seq\":%u,\"ok\":{\"maps\":[", seq);
	bpf_object__for_each_map(map, object) {
		fd = bpf_map__fd(map);
		put(replies, comma);
		put(replies, "{\"name\":%s,\"id\":%u}", bpf_map__name(map), fd < 0 ? 0 : id_of(fd));
		comma = ",";
	}
	put(replies, "],\"programs\":[");
	comma = "";
	bpf_object__for_each_program(program, object) {
		fd = bpf_program__fd(program);
		put(replies, comma);
		put(replies, "{\"name\":%s,\"section\":%s,", bpf_program__name(program), bpf_program__section_name(program));
		put(replies, "\"id\":%u}", fd < 0 ? 0 : id_of(fd));
		comma = ",";
	}
	put(replies, "]}}\n");
}

/* ---- hello ---- */

static const struct { const char *feature, *support, *reason; } claims[] = {
	{ "btf-maps", "yes", "" },
	{ "ignore-unknown-fields", "yes", "" },
	{ "pinning", "yes", "" },
	{ "numa", "yes", "" },
	{ "map-in-map", "yes", "" },
	{ "metadata", "kernel-dependent", "needs BPF_PROG_BIND_MAP" },
#if AT_LEAST(1, 0)
	{ "legacy-maps", "no", "removed in libbpf 1.0" },
#else
	{ "legacy-maps", "yes", "" },
#endif
#if AT_LEAST(0, 6)
	{ "global-data", "yes", "" },
#else
	{ "global-data", "partial", "one .data, .rodata and .bss only" },
#endif
	{ "iproute2-maps", "no", "libbpf does not know struct bpf_elf_map" },
	{ "callback-maps", "no", "libbpf has no callbacks for maps" },
	{ "static-link", "no", "not in this driver" },
	{ "xdp-chain", "no", "the business of libxdp" },
	{ "struct-ops", "partial", "this driver loads them and does not attach them" },
	{ "split-btf", "no", "not in this driver" },
};

static void op_hello(const struct value *request)
{
	const struct value *protocol = need(request, "protocols", JSON_ARRAY)->child;
	const char *version = libbpf_version_string();

	while (protocol && (protocol->kind != JSON_NUMBER || strtod(protocol->text, NULL) != 1))
		protocol = protocol->next;
	if (!protocol) {
		reply_unsupported("protocol", "this driver speaks version 1 only");
		return;
	}
	version += *version == 'v';
	put(replies, "{\"seq\":%u,\"ok\":{\"protocol\":1,\"loader\":{\"name\":\"libbpf\",\"version\":%s,", seq, version);
	put(replies, "\"language\":\"c\",\"homepage\":\"https://github.com/libbpf/libbpf\",");
	put(replies, "\"issues\":\"https://github.com/libbpf/libbpf/issues\",\"components\":{\"libbpf\":%s}},\"features\":{", version);
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		put(replies, i ? ",%s:{\"support\":%s" : "%s:{\"support\":%s", claims[i].feature, claims[i].support);
		put(replies, *claims[i].reason ? ",\"reason\":%s}" : "}", claims[i].reason);
	}
	put(replies, "}}}\n");
}

/* ---- open, set, load, close ---- */

static void op_open(const struct value *request)
{
	const char *name = string(request, "session"), *path = string(request, "object");
	const struct value *options = find(request, "options", JSON_OBJECT);
	DECLARE_LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct bpf_object *object;
	struct session *s;

	if (*find_session(name))
		fail("session %s: open already", name);
	if (options && find(options, "ignore_unknown_fields", JSON_BOOLEAN))
		opts.relaxed_maps = boolean(options, "ignore_unknown_fields");
	if (options && find(options, "pin_root", JSON_STRING) && *string(options, "pin_root"))
		opts.pin_root_path = string(options, "pin_root");
	object = bpf_object__open_file(path, &opts);
	if (libbpf_get_error(object)) {
		reply_result("open", libbpf_get_error(object));
		return;
	}
	s = allocate(sizeof(*s));
	s->name = strcpy(allocate(strlen(name) + 1), name);
	s->object = object;
	s->next = sessions;
	sessions = s;
	reply_view(object);
}

/* Both are NULL where the object has none of that name. */
static void find_target(const struct value *request, struct bpf_map **map, struct bpf_program **program)
{
	struct bpf_object *object = session_of(request)->object;
	const char *target = string(request, "target"), *name = string(request, "name");

	*map = NULL;
	*program = NULL;
	if (!strcmp(target, "map"))
		*map = bpf_object__find_map_by_name(object, name);
	else if (!strcmp(target, "program"))
		*program = bpf_object__find_program_by_name(object, name);
	else
		fail("target: want map or program");
}

static int set_program_type(struct bpf_program *program, const char *section)
{
	enum bpf_attach_type attach_type;
	enum bpf_prog_type type;
	int err = libbpf_prog_type_by_name(section, &type, &attach_type);

	if (err)
		return err;
#if AT_LEAST(1, 0)
	err = bpf_program__set_type(program, type);
	return err ? err : bpf_program__set_expected_attach_type(program, attach_type);
#else
	bpf_program__set_type(program, type);
	bpf_program__set_expected_attach_type(program, attach_type);
	return 0;
#endif
}

static void op_set(const struct value *request)
{
	const char *attribute = string(request, "attribute");
	struct bpf_program *program;
	struct bpf_map *map;
	int err;

	find_target(request, &map, &program);
	if (!map && !program)
		err = ENOENT;
	else if (map && !strcmp(attribute, "max_entries"))
		err = bpf_map__set_max_entries(map, number(request, "value"));
	else if (map && !strcmp(attribute, "map_flags"))
		err = bpf_map__set_map_flags(map, number(request, "value"));
	else if (map && !strcmp(attribute, "numa_node"))
		err = bpf_map__set_numa_node(map, number(request, "value"));
	else if (map && !strcmp(attribute, "pin_path"))
		err = bpf_map__set_pin_path(map, *string(request, "value") ? string(request, "value") : NULL);
#if AT_LEAST(0, 8)
	else if (map && !strcmp(attribute, "autocreate"))
		err = bpf_map__set_autocreate(map, boolean(request, "value"));
#endif
	else if (program && !strcmp(attribute, "autoload"))
		err = bpf_program__set_autoload(program, boolean(request, "value"));
	else if (program && !strcmp(attribute, "program_type"))
		err = set_program_type(program, string(request, "value"));
	else {
		reply_unsupported(attribute, "this libbpf, or its driver, does not set that");
		return;
	}
	reply_result("open", err);
}

/*
 * libbpf says by number that a load was refused, not where. The kernel tells one case: if its verifier has written, a program was refused.
 * The buffer is as large as every kernel takes, for one that is too small is an error of its own. One is enough: the first program that is
 * refused ends the load. Before 0.6 libbpf has no such buffer, but says VERIFY.
 */
static char verifier_log[BPF_LOG_BUF_SIZE];

static void reply_load_refused(int err)
{
	bool resources = err == ENOMEM || err == EMFILE || err == ENFILE;

	if (*verifier_log && !resources)
		reply_rejected("load/verify", "verifier", err, verifier_log);
	else
		reply_rejected(err == LIBBPF_ERRNO__VERIFY ? "load/verify" : err == LIBBPF_ERRNO__RELOC ? "load/relocate" : "load",
			       class_of(err), err, verifier_log);
}

static void op_load(const struct value *request)
{
	struct session *s = session_of(request);
	int err;

	*verifier_log = '\0';
#if AT_LEAST(0, 7)
	struct bpf_program *program;
	bpf_object__for_each_program(program, s->object)
		bpf_program__set_log_buf(program, verifier_log, sizeof(verifier_log)); /* refused after a load: it keeps the one it has */
#endif
	err = bpf_object__load(s->object);
	if (!err) {
		reply_view(s->object);
		return;
	}
	bpf_object__close(s->object); /* what is left of it, its BTF, would else live until the session is closed */
	s->object = NULL;
	reply_load_refused(abs(err));
}

static void op_close(const struct value *request)
{
	struct session **s = find_session(string(request, "session"));

	if (!*s)
		fail("session: not open");
	close_session(s);
	reply_ok();
}

/* ---- pin and unpin ---- */

static void op_pin(const struct value *request)
{
	const char *path = string(request, "path");
	struct bpf_program *program;
	struct bpf_map *map;

	find_target(request, &map, &program);
	reply_result("load/pin", map ? bpf_map__pin(map, path) : program ? bpf_program__pin(program, path) : ENOENT);
}

static void op_unpin(const struct value *request)
{
	const char *path = string(request, "path");
	struct bpf_program *program;
	struct bpf_map *map;

	find_target(request, &map, &program);
	reply_result("load/pin", map ? bpf_map__unpin(map, path) : program ? bpf_program__unpin(program, path) : ENOENT);
}

/* ---- attach and detach ---- */

static void op_attach(const struct value *request)
{
	static unsigned int handles;
	struct session *s = session_of(request);
	const char *kind = string(request, "kind"), *name = string(request, "program");
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, name);
	struct attachment *a;
	struct bpf_link *link;
	int err;

	if (strcmp(kind, "xdp")) {
		reply_unsupported(kind, "this driver attaches to xdp only");
		return;
	}
	link = program ? bpf_program__attach_xdp(program, number(request, "ifindex")) : NULL;
	err = program ? libbpf_get_error(link) : ENOENT;
	if (err) {
		reply_result("attach", err);
		return;
	}
	a = allocate(sizeof(*a));
	snprintf(a->handle, sizeof(a->handle), "%u", ++handles);
	a->link = link;
	a->next = s->attachments;
	s->attachments = a;
	put(replies, "{\"seq\":%u,\"ok\":{\"handle\":%s,\"link_id\":%u}}\n", seq, a->handle, id_of(bpf_link__fd(link)));
}

static void op_detach(const struct value *request)
{
	struct attachment **a = &session_of(request)->attachments;
	const char *handle = string(request, "handle");

	while (*a && strcmp((*a)->handle, handle))
		a = &(*a)->next;
	if (!*a)
		fail("handle %s: not attached", handle);
	reply_result("attach", detach(a));
}

/* ---- what this driver leaves to others ---- */

static void op_link(const struct value *request)
{
	(void)request;
	reply_unsupported("static-link", "not in this driver");
}

static void op_query(const struct value *request)
{
	const char *what = string(request, "what");

	reply_unsupported(!strcmp(what, "chain") ? "xdp-chain" : what, "libbpf has no view of its own");
}

/* ---- the conversation ---- */

static void op_reset(const struct value *request)
{
	(void)request;
	close_sessions();
	reply_ok();
}

static bool goodbye;

static void op_bye(const struct value *request)
{
	op_reset(request);
	goodbye = true;
}

static const struct { const char *name; void (*answer)(const struct value *request); } operations[] = {
	{ "hello", op_hello }, { "open", op_open }, { "set", op_set }, { "load", op_load }, { "close", op_close }, { "pin", op_pin },
	{ "unpin", op_unpin }, { "attach", op_attach }, { "detach", op_detach }, { "link", op_link }, { "query", op_query },
	{ "reset", op_reset }, { "bye", op_bye },
};

/* Answers the line with exactly one reply. */
static void answer(size_t length)
{
	const struct value *request;
	const char *op;

	if (setjmp(next_request))
		return;
	seq = 0;
	request = parse_line(length);
	seq = number(request, "seq");
	if (!seq)
		fail("seq: want it to be 1 or more");
	op = string(request, "op");
	if (number(request, "v") != 1) {
		reply_unsupported("protocol", "this driver speaks version 1 only");
		return;
	}
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(op, operations[i].name)) {
			operations[i].answer(request);
			return;
		}
	reply_unsupported(op, "unknown operation");
}

int main(void)
{
	const struct rlimit infinite = { RLIM_INFINITY, RLIM_INFINITY };
	size_t length;
	int fd = dup(STDOUT_FILENO);

	if (fd < 0 || !(replies = fdopen(fd, "w")) || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		perror("stdout");
		return 1;
	}
	/* Maps count against this before kernel 5.11, and before 1.0 libbpf leaves it to its user. Without the right to raise it, it stays. */
	if (setrlimit(RLIMIT_MEMLOCK, &infinite))
		perror("raise RLIMIT_MEMLOCK");
	while (!goodbye && next_line(stdin, &length)) {
		answer(length);
		if (fflush(replies)) {
			perror("write a reply");
			return 1;
		}
	}
	close_sessions();
	return 0;
}
