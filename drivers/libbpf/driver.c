// SPDX-License-Identifier: Apache-2.0

//go:build ignore

/*
 * The libbpf driver: speaks version 1 of the loader protocol on stdin and stdout and does with
 * libbpf what it is asked.
 *
 * One line is one request, one line is its reply. A reply says what libbpf's API said, as a number:
 * libbpf's log goes to stderr for people and is never read. Nothing here repairs, retries or
 * guesses on libbpf's behalf, since libbpf is what is tested.
 *
 * Order to read in: sessions, an operation after the other, the conversation at the end. How JSON
 * is read stands in json.h, what is answered in reply.h, what libbpf calls back in handlers.h, a
 * map without an object in create.h, several objects into one in link.h, structures of the
 * kernel's in structops.h, one XDP program on an interface in xdp.h, a program at a cgroup or at
 * the ingress of an interface in attach.h.
 *
 * Compiles with the headers of libbpf 0.3 to 1.7, for the library that it will run with. C11,
 * libbpf and libc only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "json.h"
#include "reply.h"
#include "handlers.h"
#include "link.h"
#include "claims.h"
#include "create.h"
#include "structops.h"
#include "data.h"
#include "xdp.h"
#include "attach.h"

/* ---- sessions ---- */

struct attachment {
	struct bpf_link *link;	/* NULL if a handler put the program into a map */
	struct jump jump;	/* that it was put into */
	bool registered;	/* it is a structure, by its map: there is no link */
	struct by_netlink xdp;	/* it is an XDP program, by netlink */
	struct filter filter;	/* it is a classifier, by netlink */
	int fd;			/* of a link without a bpf_link; 0 for none */
	char handle[16];
	struct attachment *next;
};

struct inner {
	int fd; /* template of the elements of a map: libbpf takes the number, the caller closes it */
	struct inner *next;
};

struct session {
	char *name;
	struct bpf_object *object;	/* NULL once a load was refused */
	unsigned int setups;		/* of programs, by handlers */
	struct attachment *attachments;
	struct inner *inners;		/* until the load */
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
	int err = gone->link	    ? bpf_link__destroy(gone->link) :
		  gone->xdp.ifindex ? detach_by_netlink(&gone->xdp) :
		  gone->filter.ifindex ? remove_filter(&gone->filter) :
		  gone->fd	    ? close(gone->fd) :
				      leave_jump(&gone->jump);

	*a = gone->next;
	free(gone);
	return err;
}

static void close_inners(struct session *s)
{
	while (s->inners) {
		struct inner *gone = s->inners;

		close(gone->fd);
		s->inners = gone->next;
		free(gone);
	}
}

static void close_session(struct session **s)
{
	struct session *gone = *s;

	while (gone->attachments) {
		gone->attachments->xdp.ifindex = 0; /* it stays on its interface */
		detach(&gone->attachments);
	}
	bpf_object__close(gone->object);
	close_inners(gone);
	*s = gone->next;
	free(gone->name);
	free(gone);
	if (!sessions)
		unregister_handlers();
}

static void close_sessions(void)
{
	while (sessions)
		close_session(&sessions);
}

/* Negative for a map that is not made. From 1.4 on it has a descriptor all the same, of no map. */
static int made_fd(const struct bpf_map *map)
{
#if AT_LEAST(0, 8)
	if (!bpf_map__autocreate(map))
		return -1;
#endif
	return bpf_map__fd(map);
}

/* What the object declares; with ids once it is loaded. */
static void reply_view(struct bpf_object *object)
{
	struct bpf_program *program;
	struct bpf_map *map;
	const char *comma = "";
	int fd;

	put(replies, "{\"seq\":%u,\"ok\":{\"maps\":[", seq);
	bpf_object__for_each_map(map, object) {
		/* libbpf 0.3 makes one of a section's own symbol, which cannot be asked for. */
		if (!*bpf_map__name(map))
			continue;
		fd = made_fd(map);
		put(replies, comma);
		put(replies, "{\"name\":%s,\"id\":%u}", bpf_map__name(map), fd < 0 ? 0 : id_of(fd));
		comma = ",";
	}
	put(replies, "],\"programs\":[");
	comma = "";
	bpf_object__for_each_program(program, object) {
		fd = bpf_program__fd(program);
		put(replies, comma);
		put(replies, "{\"name\":%s,\"section\":%s,", bpf_program__name(program),
		    bpf_program__section_name(program));
		put(replies, "\"id\":%u}", fd < 0 ? 0 : id_of(fd));
		comma = ",";
	}
	put(replies, "]}}\n");
}

/* ---- hello ---- */

static void op_hello(const struct value *request)
{
	const struct value *protocol = need(request, "protocols", JSON_ARRAY)->child;
	const char *version = libbpf_version_string();

	while (protocol && (protocol->kind != JSON_NUMBER ||
			    strtod(protocol->text, NULL) != PROTOCOL_VERSION))
		protocol = protocol->next;
	if (!protocol) {
		reply_unsupported("protocol", "this driver speaks version 1 only");
		return;
	}
	version += *version == 'v';
	put(replies, "{\"seq\":%u,\"ok\":{\"protocol\":%u,\"loader\":{\"name\":\"libbpf\",", seq,
	    PROTOCOL_VERSION);
	put(replies, "\"version\":%s,", version);
	put(replies, "\"language\":\"c\",\"homepage\":\"https://github.com/libbpf/libbpf\",");
	put(replies, "\"issues\":\"https://github.com/libbpf/libbpf/issues\",");
	put(replies, "\"components\":{\"libbpf\":%s}},\"features\":{", version);
	for (size_t i = 0; i < sizeof(claims) / sizeof(*claims); i++) {
		put(replies, i ? "," : "");
		put(replies, "%s:{\"support\":%s", claims[i].feature, claims[i].support);
		put(replies, *claims[i].reason ? ",\"reason\":%s}" : "}", claims[i].reason);
	}
	put(replies, "}}}\n");
}

/* ---- open, set, load, close ---- */

/*
 * True if libbpf would not read or pin maps as it is asked to; the reply has been written then.
 * Section maps holds what libbpf expects there: before 1.0 struct bpf_map_def; from 1.0 on libbpf
 * refuses the section itself.
 */
static bool cannot_follow(const struct value *options)
{
	const struct value *ids = find(options, "pin_ids", JSON_OBJECT);
	const struct value *extra = find(options, "extra_types", JSON_ARRAY);
	const char *layout = optional(options, "map_layout");

	if (*layout && strcmp(layout, LAYOUT_BPF_MAP_DEF))
		reply_unsupported(strcmp(layout, LAYOUT_BPF_ELF_MAP) ? "map_layout" : FEATURE_IPROUTE2_MAPS,
				  "libbpf cannot be told what section maps holds");
	else if (*optional(options, "pin_mount") || *optional(options, "pin_subdir") ||
		 (ids && ids->child))
		reply_unsupported("iproute2-maps", "libbpf pins by name, in one folder");
	else if (!HAVE_TOKENS && *optional(options, "token_path"))
		reply_unsupported(FEATURE_BPF_TOKEN, NO_TOKENS);
	else if (!HAVE_CUSTOM_BTF && *optional(options, "kernel_types"))
		reply_unsupported(FEATURE_CUSTOM_BTF, NO_CUSTOM_BTF);
	else if (extra && extra->child)
		reply_unsupported(FEATURE_SPLIT_BTF, NO_SPLIT_BTF);
	else
		return false;
	return true;
}

static void op_open(const struct value *request)
{
	static const struct value none = { .kind = JSON_OBJECT };
	const char *name = string(request, "session"), *path = string(request, "object");
	const struct value *options = find(request, "options", JSON_OBJECT);
	DECLARE_LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct handled opening = { 0 };
	struct bpf_object *object;
	struct session *s;

	if (*find_session(name))
		fail("session %s: open already", name);
	options = options ? options : &none;
	if (cannot_follow(options) || !register_handlers(options, sessions != NULL))
		return;
	if (find(options, "ignore_unknown_fields", JSON_BOOLEAN))
		opts.relaxed_maps = boolean(options, "ignore_unknown_fields");
	if (*optional(options, "pin_root"))
		opts.pin_root_path = string(options, "pin_root");
	if (*optional(options, "kconfig"))
		opts.kconfig = string(options, "kconfig");
#if HAVE_CUSTOM_BTF
	if (*optional(options, "kernel_types"))
		opts.btf_custom_path = string(options, "kernel_types");
#endif
#if HAVE_TOKENS
	if (*optional(options, "token_path"))
		opts.bpf_token_path = string(options, "token_path");
#endif
	handled = &opening;
	object = bpf_object__open_file(path, &opts);
	if (libbpf_get_error(object)) {
		reply_result(STAGE_OPEN, libbpf_get_error(object));
		if (!sessions)
			unregister_handlers();
		return;
	}
	s = allocate(sizeof(*s));
	s->name = strcpy(allocate(strlen(name) + 1), name);
	s->object = object;
	s->setups = opening.setups;
	s->next = sessions;
	sessions = s;
	reply_view(object);
}

/* Both are NULL if the object has none of that name. */
static void find_target(const struct value *request, struct bpf_map **map,
			struct bpf_program **program)
{
	struct bpf_object *object = session_of(request)->object;
	const char *target = string(request, "target"), *name = string(request, "name");

	*map = NULL;
	*program = NULL;
	if (!strcmp(target, TARGET_MAP) || !strcmp(target, TARGET_STRUCT_OPS))
		*map = bpf_object__find_map_by_name(object, name);
	else if (!strcmp(target, TARGET_PROGRAM))
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

/*
 * Uses a pinned map instead of making one. libbpf then has a descriptor of its own, and takes over
 * the attributes of the pinned map.
 */
static int reuse(struct bpf_map *map, int pinned)
{
	int err = bpf_map__reuse_fd(map, pinned);

	close(pinned);
	return err;
}

/* Makes a pinned map the template of the elements of a map of maps. */
static int set_inner(struct session *s, struct bpf_map *map, int pinned)
{
	struct inner *inner = allocate(sizeof(*inner));

	*inner = (struct inner){ .fd = pinned, .next = s->inners };
	s->inners = inner;
	return bpf_map__set_inner_map_fd(map, pinned);
}

static void set_by_pin(const struct value *request, struct bpf_map *map)
{
	bool inner = !strcmp(string(request, "attribute"), ATTRIBUTE_INNER_MAP);
	int pinned = bpf_obj_get(string(request, "value"));

	if (pinned < 0)
		reply_result(STAGE_LOAD_PIN, errno);
	else
		reply_result(STAGE_LOAD_PIN, inner ? set_inner(session_of(request), map, pinned) :
						     reuse(map, pinned));
}

static void op_set(const struct value *request)
{
	const char *attribute = string(request, "attribute");
	struct bpf_program *program;
	struct bpf_map *map;
	int err;

	if (!strcmp(string(request, "target"), TARGET_VARIABLE)) {
#if HAVE_INITIAL_VALUE
		set_variable(request, session_of(request)->object);
#else
		reply_unsupported(TARGET_VARIABLE, "bpf_map__initial_value came with 0.8");
#endif
		return;
	}
	find_target(request, &map, &program);
#if HAVE_MEMBERS
	if (map && !strcmp(string(request, "target"), TARGET_STRUCT_OPS)) {
		reply_result(STAGE_OPEN, is_struct_ops(map) ?
			     set_member(request, session_of(request)->object, map) : EINVAL);
		return;
	}
#endif
	if (map && (!strcmp(attribute, ATTRIBUTE_REUSE) || !strcmp(attribute, ATTRIBUTE_INNER_MAP))) {
		set_by_pin(request, map);
		return;
	}
	if (map && !strcmp(attribute, ATTRIBUTE_CONTENTS)) {
		set_contents(request, map);
		return;
	}
	if (!map && !program)
		err = ENOENT;
	else if (map && !strcmp(attribute, ATTRIBUTE_MAX_ENTRIES))
		err = bpf_map__set_max_entries(map, number(request, "value"));
	else if (map && !strcmp(attribute, ATTRIBUTE_MAP_FLAGS))
		err = bpf_map__set_map_flags(map, number(request, "value"));
	else if (map && !strcmp(attribute, ATTRIBUTE_VALUE_SIZE))
		err = bpf_map__set_value_size(map, number(request, "value"));
	else if (map && !strcmp(attribute, ATTRIBUTE_NUMA_NODE))
		err = bpf_map__set_numa_node(map, number(request, "value"));
	else if (map && !strcmp(attribute, ATTRIBUTE_PIN_PATH))
		err = bpf_map__set_pin_path(map, *string(request, "value") ?
						 string(request, "value") : NULL);
#if AT_LEAST(0, 6)
	else if (map && !strcmp(attribute, ATTRIBUTE_MAP_EXTRA))
		err = bpf_map__set_map_extra(map, number(request, "value"));
#endif
#if AT_LEAST(0, 8)
	else if (map && !strcmp(attribute, ATTRIBUTE_AUTOCREATE))
		err = bpf_map__set_autocreate(map, boolean(request, "value"));
#endif
	else if (program && !strcmp(attribute, ATTRIBUTE_AUTOLOAD))
		err = bpf_program__set_autoload(program, boolean(request, "value"));
	else if (program && !strcmp(attribute, ATTRIBUTE_PROGRAM_TYPE))
		err = set_program_type(program, string(request, "value"));
	else {
		reply_unsupported(attribute, "this libbpf, or its driver, does not set that");
		return;
	}
	reply_result(STAGE_OPEN, err);
}

/*
 * libbpf says by number that a load was refused, not where. The kernel tells one case: if its
 * verifier has written to the log, a program was refused. The buffer is as large as kernels take
 * (bpf_verifier_log_attr_valid), since libbpf does not enlarge one of its caller's, and a log that
 * does not fit is an error of its own. It takes the memory that the kernel writes to. One buffer is
 * enough: the first program that is refused ends the load. Before 0.7 libbpf has no such buffer,
 * but says VERIFY.
 */
#define VERIFIER_LOG_SIZE (UINT32_MAX >> 2)
static char *verifier_log;

/* Gives back what the last load wrote to. */
static void clear_verifier_log(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (verifier_log ? MAP_FIXED : 0);
	char *log = mmap(verifier_log, VERIFIER_LOG_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (log == MAP_FAILED) {
		perror("memory for the verifier's log");
		exit(1);
	}
	verifier_log = log;
}

static void reply_load_refused(int err)
{
	bool resources = err == ENOMEM || err == EMFILE || err == ENFILE;

	if (*verifier_log && !resources)
		reply_rejected(STAGE_LOAD_VERIFY, CLASS_VERIFIER, err, verifier_log);
	else
		reply_rejected(err == LIBBPF_ERRNO__VERIFY ? STAGE_LOAD_VERIFY :
			       err == LIBBPF_ERRNO__RELOC ? STAGE_LOAD_RELOCATE : STAGE_LOAD,
			       class_of(err), err, verifier_log);
}

static void op_load(const struct value *request)
{
	struct session *s = session_of(request);
	struct handled loading = { .object = s->object, .setups = s->setups };
	int err;

	handled = &loading;
	clear_verifier_log();
#if AT_LEAST(0, 7)
	struct bpf_program *program;
	bpf_object__for_each_program(program, s->object)
		/* refused after a load: it keeps its buffer */
		bpf_program__set_log_buf(program, verifier_log, VERIFIER_LOG_SIZE);
#endif
	err = bpf_object__load(s->object);
	close_inners(s);
	if (!err) {
		reply_view(s->object);
		return;
	}
	bpf_object__close(s->object); /* or its BTF would live until the session is closed */
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

static struct attachment **find_attachment(const struct value *request, const char *handle);

/* The link of target link; NULL for any other target. */
static struct bpf_link *link_of(const struct value *request)
{
	struct bpf_link *link;

	if (strcmp(string(request, "target"), TARGET_LINK))
		return NULL;
	link = (*find_attachment(request, string(request, "name")))->link;
	if (!link)
		fail("handle %s: there is no link", string(request, "name"));
	return link;
}

static void op_pin(const struct value *request)
{
	const char *path = string(request, "path");
	struct bpf_link *link = link_of(request);
	struct bpf_program *program;
	struct bpf_map *map;

	if (link) {
		reply_result(STAGE_LOAD_PIN, bpf_link__pin(link, path));
		return;
	}
	find_target(request, &map, &program);
	reply_result(STAGE_LOAD_PIN, map ? bpf_map__pin(map, path) :
				     program ? bpf_program__pin(program, path) : ENOENT);
}

static void op_unpin(const struct value *request)
{
	const char *path = string(request, "path");
	struct bpf_link *link = link_of(request);
	struct bpf_program *program;
	struct bpf_map *map;

	if (link) {
		reply_result(STAGE_LOAD_PIN, bpf_link__unpin(link));
		return;
	}
	find_target(request, &map, &program);
	reply_result(STAGE_LOAD_PIN, map ? bpf_map__unpin(map, path) :
				     program ? bpf_program__unpin(program, path) : ENOENT);
}

/* ---- attach and detach ---- */

static void reply_attached(struct session *s, struct attachment attached)
{
	static unsigned int handles;
	struct attachment *a = allocate(sizeof(*a));

	*a = attached;
	snprintf(a->handle, sizeof(a->handle), "%u", ++handles);
	a->next = s->attachments;
	s->attachments = a;
	put(replies, "{\"seq\":%u,\"ok\":{\"handle\":%s,\"link_id\":%u}}\n", seq, a->handle,
	    a->fd ? id_of(a->fd) : a->link && !a->registered ? link_id_of(bpf_link__fd(a->link)) : 0);
}

/* libbpf has a link for a structure that its map registers, too, which no kernel knows of. */
static void attach_struct_ops(struct session *s, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(s->object, name);
	struct attachment a = { 0 };
	int err;

	if (!map) {
		reply_result(STAGE_ATTACH, ENOENT);
		return;
	}
	a.link = bpf_map__attach_struct_ops(map);
	err = libbpf_get_error(a.link);
	if (err) {
		reply_result(STAGE_ATTACH, err);
		return;
	}
	a.registered = !(bpf_map__map_flags(map) & BPF_F_LINK);
	reply_attached(s, a);
}

static void attach_xdp(struct session *s, const struct value *request,
		       struct bpf_program *program)
{
	const char *mode = optional(request, "mode"), *by = optional(request, "by");
	const char *replaces = optional(request, "replaces");
	int ifindex = number(request, "ifindex"), fd = bpf_program__fd(program), err = 0;
	struct attachment a = { 0 };

	if (!strcmp(by, WAY_NETLINK)) {
		err = attach_by_netlink(&a.xdp, ifindex, fd, mode, replaces);
	} else if (*replaces) {
		reply_unsupported("replaces", "a new link takes no program's place");
		return;
	} else if (*mode) {
		a.fd = link_xdp(ifindex, fd, mode);
		err = a.fd < 0 ? -a.fd : 0;
	} else {
		a.link = bpf_program__attach_xdp(program, ifindex);
		err = libbpf_get_error(a.link);
	}
	if (err)
		reply_result(STAGE_ATTACH, err);
	else
		reply_attached(s, a);
}

static void op_attach(const struct value *request)
{
	struct session *s = session_of(request);
	const char *kind = string(request, "kind"), *name = string(request, "program");
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, name);
	struct handled attaching = { .object = s->object };
	struct attachment a = { 0 };
	int err;

	if (!strcmp(kind, KIND_STRUCT_OPS)) {
		attach_struct_ops(s, name);
		return;
	}
	if (lacks_kind(kind))
		return;
	if (!program) {
		reply_result(STAGE_ATTACH, ENOENT);
		return;
	}
	if (!strcmp(kind, KIND_XDP)) {
		attach_xdp(s, request, program);
		return;
	}
	if (strcmp(kind, KIND_HANDLER)) {
		err = attach_at(request, program, &a.link, &a.filter);
		if (err)
			reply_result(STAGE_ATTACH, err);
		else
			reply_attached(s, a);
		return;
	}
	handled = &attaching;
	a.link = bpf_program__attach(program);
	err = libbpf_get_error(a.link);
	/* Our handlers return no link, which libbpf reports as an error. */
	if (err && attaching.jump.made) {
		a.link = NULL;
		a.jump = attaching.jump;
		err = 0;
	}
	if (err)
		reply_result(STAGE_ATTACH, err);
	else
		reply_attached(s, a);
}

static struct attachment **find_attachment(const struct value *request, const char *handle)
{
	struct attachment **a = &session_of(request)->attachments;

	while (*a && strcmp((*a)->handle, handle))
		a = &(*a)->next;
	if (!*a)
		fail("handle %s: not attached", handle);
	return a;
}

static void op_detach(const struct value *request)
{
	reply_result(STAGE_ATTACH, detach(find_attachment(request, string(request, "handle"))));
}

#if HAVE_STRUCT_OPS_LINK
static void op_update(const struct value *request)
{
	struct attachment *a = *find_attachment(request, string(request, "handle"));
	struct bpf_object *object = session_of(request)->object;
	struct bpf_map *by = bpf_object__find_map_by_name(object, string(request, "program"));

	if (*optional(request, "expected"))
		reply_unsupported("expected", "bpf_link__update_map replaces whatever there is, and "
				  "bpf_link_update takes a map that was registered before");
	else if (!a->link)
		reply_unsupported(OP_UPDATE, "what is attached is no structure");
	else
		reply_result(STAGE_ATTACH, by ? bpf_link__update_map(a->link, by) : ENOENT);
}
#endif

/* ---- what this driver leaves to others ---- */

static void op_query(const struct value *request)
{
	const char *what = string(request, "what");

	reply_unsupported(!strcmp(what, QUERY_CHAIN) ? FEATURE_XDP_CHAIN : what,
			  "libbpf has no view of its own");
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

static const struct {
	const char *name;
	void (*answer)(const struct value *request);
} operations[] = {
	{ OP_HELLO, op_hello }, { OP_CREATE, op_create }, { OP_OPEN, op_open }, { OP_SET, op_set },
	{ OP_LOAD, op_load }, { OP_CLOSE, op_close }, { OP_PIN, op_pin }, { OP_UNPIN, op_unpin },
	{ OP_ATTACH, op_attach }, { OP_DETACH, op_detach }, { OP_LINK, op_link },
	{ OP_QUERY, op_query }, { OP_RESET, op_reset }, { OP_BYE, op_bye },
#if HAVE_STRUCT_OPS_LINK
	{ OP_UPDATE, op_update },
#endif
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
	if (number(request, "v") != PROTOCOL_VERSION) {
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
	size_t length;
	FILE *requests;
	int in = dup(STDIN_FILENO), out = dup(STDOUT_FILENO), null = open("/dev/null", O_RDONLY);

	/*
	 * libbpf 0.3 closes descriptor 0 when it cannot read an object's BTF (btf__free, before btf->fd
	 * is set): the conversation is elsewhere.
	 */
	if (in < 0 || !(requests = fdopen(in, "r")) || null < 0 || dup2(null, STDIN_FILENO) < 0) {
		perror("stdin");
		return 1;
	}
	if (out < 0 || !(replies = fdopen(out, "w")) || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		perror("stdout");
		return 1;
	}
	close(null);
	while (!goodbye && next_line(requests, &length)) {
		answer(length);
		if (fflush(replies)) {
			perror("write a reply");
			return 1;
		}
	}
	close_sessions();
	return 0;
}
