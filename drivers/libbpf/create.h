/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map without an object: made and pinned with the calls of bpf.h, which hand on what they are
 * given. After the reply only its pin holds it. Includes reply.h before it, and
 * libbpf's headers.
 */
#ifndef CREATE_H
#define CREATE_H

#include <fcntl.h>
#include <unistd.h>

/* BPF_F_TOKEN_FD, which the kernel's headers of some of these versions do not have. */
#define FLAG_TOKEN_FD (1U << 16)

struct new_map {
	const char *name;
	uint32_t type, key_size, value_size, max_entries, map_flags, numa_node;
	uint64_t map_extra;
	int token; /* descriptor; 0 for none */
};

static struct new_map read_new_map(const struct value *request)
{
	const struct value *map = need(request, "map", JSON_OBJECT);

	return (struct new_map){
		.name = string(request, "name"), .type = number(map, "type"),
		.key_size = number(map, "key_size"), .value_size = number(map, "value_size"),
		.max_entries = number(map, "max_entries"),
		.map_flags = find(map, "map_flags", JSON_NUMBER) ? number(map, "map_flags") : 0,
		.numa_node = find(map, "numa_node", JSON_NUMBER) ? number(map, "numa_node") : 0,
		.map_extra = find(map, "map_extra", JSON_NUMBER) ?
			number_to(map, "map_extra", UINT64_MAX) : 0,
	};
}

/*
 * A descriptor, or the negative of an errno. The map of the inner descriptor shows what the
 * elements of a map of maps look like; 0 for none.
 */
static int create_map(const struct new_map *map, int inner)
{
#if AT_LEAST(0, 7)
	LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = inner, .map_flags = map->map_flags,
		    .map_extra = map->map_extra, .numa_node = map->numa_node);
#if HAVE_TOKENS
	if (map->token) {
		opts.token_fd = map->token;
		opts.map_flags |= FLAG_TOKEN_FD;
	}
#endif
	int fd = bpf_map_create(map->type, map->name, map->key_size, map->value_size,
				map->max_entries, &opts);
#else
	struct bpf_create_map_attr attr = {
		.name = map->name, .map_type = map->type, .map_flags = map->map_flags,
		.key_size = map->key_size, .value_size = map->value_size, .max_entries = map->max_entries,
		.numa_node = map->numa_node, .inner_map_fd = inner,
	};
	int fd = bpf_create_map_xattr(&attr);
#endif
	return fd < 0 ? -errno : fd;
}

static void pin_created(int fd, const char *path)
{
	int err = bpf_obj_pin(fd, path) ? errno : 0;
	unsigned int id = err ? 0 : id_of(fd);

	close(fd);
	if (err)
		reply_result(STAGE_LOAD_PIN, err);
	else
		put(replies, "{\"seq\":%u,\"ok\":{\"id\":%u}}\n", seq, id);
}

/* A descriptor of a token of the bpffs at a path, or the negative of an errno. */
static int open_token(const char *path)
{
#if HAVE_TOKENS
	int token, bpffs = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (bpffs < 0)
		return -errno;
	token = bpf_token_create(bpffs, NULL);
	close(bpffs);
	return token;
#else
	(void)path;
	return -EOPNOTSUPP;
#endif
}

static void op_create(const struct value *request)
{
	const char *path = string(request, "path"), *inner_path = optional(request, "inner_map");
	const char *token_path = optional(request, "token_path");
	struct new_map map = read_new_map(request);
	int inner = 0, fd;

	if (*token_path && !HAVE_TOKENS) {
		reply_unsupported(FEATURE_BPF_TOKEN, NO_TOKENS);
		return;
	}

	if (map.map_extra && !AT_LEAST(0, 7)) {
		reply_unsupported(ATTRIBUTE_MAP_EXTRA, "bpf_create_map_xattr does not take it");
		return;
	}
	if (*inner_path && (inner = bpf_obj_get(inner_path)) < 0) {
		reply_result(STAGE_LOAD_PIN, errno);
		return;
	}
	if (*token_path && (map.token = open_token(token_path)) < 0) {
		reply_result(STAGE_LOAD, map.token);
		if (inner)
			close(inner);
		return;
	}
	fd = create_map(&map, inner);
	if (inner)
		close(inner);
	if (map.token)
		close(map.token);
	if (fd < 0)
		reply_result(STAGE_LOAD_CREATE, fd);
	else
		pin_created(fd, path);
}

#endif
