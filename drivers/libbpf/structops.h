/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structures of the kernel's whose functions are programs: members that are set before the load,
 * and what becomes of one that is registered. Includes reply.h before it, and libbpf's headers.
 */
#ifndef STRUCTOPS_H
#define STRUCTOPS_H

#include <bpf/btf.h>

/* What a link registers has this flag: libbpf takes it from the section. */
#ifndef BPF_F_LINK
#define BPF_F_LINK (1U << 13)
#endif

/* libbpf shows the structure of an object, and can leave it out, from 1.4 on. */
#define HAVE_MEMBERS AT_LEAST(1, 4)
/* It registers by a link from 1.2 on. */
#define HAVE_STRUCT_OPS_LINK AT_LEAST(1, 2)

#if HAVE_MEMBERS
static bool is_struct_ops(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS;
}

/* A member as the object has it. */
struct place {
	const struct btf *btf;
	const struct btf_type *type;	/* without typedefs, const and the like */
	char *at;
	size_t size;			/* bytes */
};

static const struct btf_type *plain_type(const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (type && (btf_is_mod(type) || btf_is_typedef(type)))
		type = btf__type_by_id(btf, type->type);
	return type;
}

/* Steps into the member whose name is the first length bytes. False if there is none of it. */
static bool step(struct place *p, const char *name, size_t length)
{
	const struct btf_member *m;
	const char *known;

	if (!btf_is_composite(p->type))
		return false;
	m = btf_members(p->type);
	for (int i = 0; i < btf_vlen(p->type); i++, m++) {
		known = btf__name_by_offset(p->btf, m->name_off);
		if (strlen(known) != length || strncmp(known, name, length))
			continue;
		if (btf_member_bitfield_size(p->type, i))
			return false;
		p->at += btf_member_bit_offset(p->type, i) / 8;
		p->size = btf__resolve_size(p->btf, m->type);
		p->type = plain_type(p->btf, m->type);
		return p->type;
	}
	return false;
}

/*
 * The member of that name, with a dot before one of a structure in it, as libbpf has it before the
 * load. The error is a positive errno.
 */
static int find_member(const struct bpf_object *object, const struct bpf_map *map,
		       const char *name, struct place *p)
{
	const char *end;

	p->btf = bpf_object__btf(object);
	p->at = bpf_map__initial_value(map, &p->size);
	if (!p->btf || !p->at)
		return EINVAL;
	p->type = plain_type(p->btf, bpf_map__btf_value_type_id(map));
	if (!p->type)
		return EINVAL;
	for (;; name = end + 1) {
		end = strchrnul(name, '.');
		if (!step(p, name, end - name))
			return ENOENT;
		if (!*end)
			return 0;
	}
}

static int write_number(struct place *p, double value)
{
	__u64 unsigned_value = value < 0 ? (__u64)(__s64)value : (__u64)value;
	bool fits = p->size == 8 || (value < 0 ? value >= -(double)(1ULL << (8 * p->size - 1)) :
						 value < (double)(1ULL << (8 * p->size)));

	if (!btf_is_int(p->type) && !btf_is_any_enum(p->type))
		return EINVAL;
	if (!fits)
		return ERANGE;
	switch (p->size) {
	case 1: *(__u8 *)p->at = unsigned_value; break;
	case 2: *(__u16 *)p->at = unsigned_value; break;
	case 4: *(__u32 *)p->at = unsigned_value; break;
	case 8: *(__u64 *)p->at = unsigned_value; break;
	default: return EINVAL;
	}
	return 0;
}

static int write_string(struct place *p, const char *value)
{
	if (!btf_is_array(p->type))
		return EINVAL;
	if (strlen(value) > p->size)
		return ERANGE;
	memset(p->at, 0, p->size);
	memcpy(p->at, value, strlen(value));
	return 0;
}

/* A pointer to a function is, until the load, one to its program. */
static int write_program(struct place *p, const struct bpf_object *object, const char *name)
{
	struct bpf_program *program = NULL;

	if (!btf_is_ptr(p->type))
		return EINVAL;
	if (*name && !(program = bpf_object__find_program_by_name(object, name)))
		return ENOENT;
	*(struct bpf_program **)p->at = program;
	return 0;
}

/* A value of a member is whatever the request has. */
static const struct value *value_of(const struct value *request)
{
	for (const struct value *v = request->child; v; v = v->next)
		if (!strcmp(v->key, "value"))
			return v;
	fail("value: missing");
	return NULL;
}

static int set_member(const struct value *request, const struct bpf_object *object,
		      const struct bpf_map *map)
{
	const char *attribute = string(request, "attribute");
	const struct value *value = value_of(request);
	struct place p;
	int err = find_member(object, map, string(request, "member"), &p);

	if (err)
		return err;
	if (!strcmp(attribute, ATTRIBUTE_MEMBER_PROGRAM))
		return write_program(&p, object, string(request, "value"));
	if (value->kind == JSON_STRING)
		return write_string(&p, value->text);
	if (value->kind == JSON_BOOLEAN)
		return write_number(&p, boolean(request, "value"));
	return write_number(&p, strtod(need(request, "value", JSON_NUMBER)->text, NULL));
}
#endif

#endif
