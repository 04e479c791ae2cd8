/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Global data before the load: what its maps and variables hold from the start. Includes reply.h
 * before it, and libbpf's headers.
 */
#ifndef DATA_H
#define DATA_H

#include <bpf/btf.h>

/* libbpf shows what a map of global data holds from the start from 0.8 on. */
#define HAVE_INITIAL_VALUE AT_LEAST(0, 8)

/* The bytes that the request's value gives as hexadecimal digits, for the caller to free. */
static unsigned char *bytes_of(const struct value *request, size_t *size)
{
	const char *digits = string(request, "value");
	unsigned char *bytes;
	size_t n = strlen(digits);

	if (n % 2 || strspn(digits, "0123456789abcdefABCDEF") != n)
		fail("value: want hexadecimal digits");
	bytes = calloc(1, n / 2 + 1);
	if (!bytes)
		fail("no memory for %zu bytes", n / 2);
	for (*size = 0; *size < n / 2; ++*size)
		sscanf(digits + 2 * *size, "%2hhx", &bytes[*size]);
	return bytes;
}

/* Sets all that a map of global data holds. */
static void set_contents(const struct value *request, struct bpf_map *map)
{
	size_t size;
	unsigned char *bytes = bytes_of(request, &size);

	reply_result(STAGE_OPEN, bpf_map__set_initial_value(map, bytes, size));
	free(bytes);
}

#if HAVE_INITIAL_VALUE
/*
 * Where a map of global data has a variable of that name, as a skeleton's struct would say at
 * compile time: by the list of variables that is the type of the map's value. NULL if nowhere.
 */
static void *variable_in(const struct btf *btf, struct bpf_map *map, const char *name, size_t *size)
{
	const struct btf_type *list = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	const struct btf_var_secinfo *v;
	size_t all;
	char *data = (char *)bpf_map__initial_value(map, &all);

	if (!data || !list || !btf_is_datasec(list))
		return NULL;
	v = btf_var_secinfos(list);
	for (int i = 0; i < btf_vlen(list); i++, v++) {
		const struct btf_type *var = btf__type_by_id(btf, v->type);

		if (strcmp(btf__name_by_offset(btf, var->name_off), name))
			continue;
		*size = v->size;
		return v->offset + v->size <= all ? data + v->offset : NULL;
	}
	return NULL;
}

/* Writes to a variable, as a user of a skeleton does: libbpf has no call for it. */
static void set_variable(const struct value *request, struct bpf_object *object)
{
	size_t size, room = 0;
	unsigned char *bytes = bytes_of(request, &size);
	void *at = NULL;
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		at = variable_in(bpf_object__btf(object), map, string(request, "name"), &room);
		if (at)
			break;
	}
	if (at && bpf_map__fd(map) >= 0) {
		reply_result(STAGE_LOAD, EBUSY); /* read-only memory by now, or the program's */
	} else {
		if (at && size == room)
			memcpy(at, bytes, size);
		/* A compiler refuses a value of another size. */
		reply_result(STAGE_OPEN, !at ? ENOENT : size == room ? 0 : EINVAL);
	}
	free(bytes);
}
#endif

#endif
