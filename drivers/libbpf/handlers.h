/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handlers that the libbpf driver registers for program sections. What each does is laid down
 * in docs/loader-protocol.md, Handlers.
 *
 * libbpf's handlers are those of the process, not of an object, and opened objects point to them:
 * they are registered for the sessions that are open, and changed only when none is. Order to read
 * in: what they are called about, the three calls, registering.
 */
#ifndef HANDLERS_H
#define HANDLERS_H

#define HAVE_HANDLERS AT_LEAST(0, 8)

/* An element of vendor_jumps that holds a program. */
struct jump {
	bool made;
	int map; /* descriptor, which is the object's */
	uint32_t index;
};

/*
 * What handlers are called for. libbpf tells them the program and a number, and a program does not
 * lead to its object.
 */
struct handled {
	struct bpf_object *object;	/* NULL while it is opened */
	unsigned int setups;		/* so far in this object */
	struct jump jump;		/* what attaching made */
};

static struct handled *handled;

/* Takes a program out again. The error is negative. */
static int leave_jump(const struct jump *jump)
{
	return bpf_map_delete_elem(jump->map, &jump->index) ? -errno : 0;
}

#if HAVE_HANDLERS

static int set_up(struct bpf_program *program, long cookie)
{
	const char *section = bpf_program__section_name(program);

	(void)cookie;
	handled->setups++;
	if (!strcmp(section, "vendor/refuse"))
		return -EOPNOTSUPP;
	return strcmp(section, "vendor/skip") ? 0 : bpf_program__set_autoload(program, false);
}

/* The cookie says which handler was called: 1, 2 or 3. */
static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie)
{
	struct bpf_map *map = bpf_object__find_map_by_name(handled->object, "vendor_calls");
	uint32_t elements[] = { handled->setups, 0, cookie }, one = 1;
	int fd;

	(void)program, (void)opts;
	if (!map)
		return 0;
	if (bpf_map__type(map) != BPF_MAP_TYPE_ARRAY || bpf_map__value_size(map) != sizeof(*elements))
		return -EINVAL;
	fd = bpf_map__fd(map);
	if (bpf_map_lookup_elem(fd, &one, &elements[one]))
		return -errno;
	elements[one]++;
	for (uint32_t i = 0; i < sizeof(elements) / sizeof(*elements); i++)
		if (bpf_map_update_elem(fd, &i, &elements[i], BPF_ANY))
			return -errno;
	return 0;
}

/* The number of a section vendor/NUMBER. */
static bool slot_of(const char *section, uint32_t *slot)
{
	const char *digits = section + strlen("vendor/");
	unsigned long n;

	if (strncmp(section, "vendor/", strlen("vendor/")) || !*digits ||
	    strspn(digits, "0123456789") != strlen(digits))
		return false;
	errno = 0;
	n = strtoul(digits, NULL, 10);
	*slot = n;
	return !errno && n <= UINT32_MAX;
}

static int attach_by_section(const struct bpf_program *program, long cookie, struct bpf_link **link)
{
	struct bpf_map *map = bpf_object__find_map_by_name(handled->object, "vendor_jumps");
	int fd = bpf_program__fd(program);
	struct jump jump = { .made = true };

	(void)cookie;
	*link = NULL;
	if (!slot_of(bpf_program__section_name(program), &jump.index))
		return -EOPNOTSUPP;
	if (!map)
		return -ENOENT;
	jump.map = bpf_map__fd(map);
	if (bpf_map_update_elem(jump.map, &jump.index, &fd, BPF_ANY))
		return -errno;
	handled->jump = jump;
	return 0;
}

static struct {
	const char *name, *section;	/* NULL: any section without another handler */
	int id;				/* libbpf's, from 1; 0 if not registered */
} handlers[] = {
	{ HANDLER_PROGRAM_PREFIX, "vendor/", 0 },
	{ HANDLER_PROGRAM_EXACT, "vendor", 0 },
	{ HANDLER_PROGRAM_FALLBACK, NULL, 0 },
};

#define HANDLERS (sizeof(handlers) / sizeof(*handlers))

static void unregister_handlers(void)
{
	for (size_t i = 0; i < HANDLERS; i++) {
		if (handlers[i].id)
			libbpf_unregister_prog_handler(handlers[i].id);
		handlers[i].id = 0;
	}
}

/* Returns a negative error. */
static int register_handler(size_t i)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .cookie = i + 1, .prog_setup_fn = set_up,
		    .prog_prepare_load_fn = prepare, .prog_attach_fn = attach_by_section);
	int id = libbpf_register_prog_handler(handlers[i].section, BPF_PROG_TYPE_XDP, BPF_XDP, &opts);

	if (id <= 0)
		return id;
	handlers[i].id = id;
	return 0;
}

/* The index of a handler, or HANDLERS. */
static size_t handler_named(const char *name)
{
	size_t i = 0;

	while (i < HANDLERS && strcmp(handlers[i].name, name))
		i++;
	return i;
}

static bool register_wanted(const bool *wanted, bool busy)
{
	bool same = true;
	int err = 0;

	for (size_t i = 0; i < HANDLERS; i++)
		same = same && wanted[i] == (handlers[i].id != 0);
	if (same)
		return true;
	if (busy) {
		reply_unsupported(FEATURE_PROGRAM_HANDLERS,
				  "libbpf's handlers are the process's: "
				  "while a session is open there can be no others");
		return false;
	}
	unregister_handlers();
	for (size_t i = 0; i < HANDLERS && !err; i++)
		err = wanted[i] ? register_handler(i) : 0;
	if (err)
		reply_result(STAGE_OPEN, err);
	return !err;
}

#else

#define HANDLERS 1

static void unregister_handlers(void)
{
}

static size_t handler_named(const char *name)
{
	(void)name;
	return HANDLERS;
}

static bool register_wanted(const bool *wanted, bool busy)
{
	(void)wanted, (void)busy;
	return true;
}

#endif

/*
 * Registers the handlers that options name, and no others. False if that fails: the reply has been
 * written then.
 */
static bool register_handlers(const struct value *options, bool busy)
{
	const struct value *named = find(options, "handlers", JSON_ARRAY);
	bool wanted[HANDLERS] = { false };

	for (named = named ? named->child : NULL; named; named = named->next) {
		size_t i;

		if (named->kind != JSON_STRING)
			fail("handlers: want names");
		i = handler_named(named->text);
		if (i < HANDLERS) {
			wanted[i] = true;
			continue;
		}
		if (!strncmp(named->text, "map-", strlen("map-")))
			reply_unsupported(FEATURE_CALLBACK_MAPS, "libbpf has no callbacks for maps");
		else
			reply_unsupported(FEATURE_PROGRAM_HANDLERS,
					  "this libbpf, or its driver, has no such handler");
		return false;
	}
	return register_wanted(wanted, busy);
}

#endif
