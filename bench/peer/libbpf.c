// SPDX-License-Identifier: Apache-2.0

//go:build ignore

/*
 * Opens and loads with libbpf, and says how long it took. Each line of stdin is the path of an object; its answer is a line of two numbers: the
 * nanoseconds of opening, and those of loading, with registering the structures that the kernel calls. What was loaded is given up between lines,
 * which counts for neither.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Has the kernel call the object's structures. Returns how many there are, or -1. */
static int attach(struct bpf_object *object, struct bpf_link **links, int most)
{
	struct bpf_map *map;
	int n = 0;

	bpf_object__for_each_map(map, object) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		if (n == most || !(links[n] = bpf_map__attach_struct_ops(map)))
			return -1;
		n++;
	}
	return n;
}

int main(void)
{
	struct bpf_link *links[16];
	struct rlimit files;
	char path[4096];

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max; /* a descriptor for each map; Go programs do the same */
	if (setrlimit(RLIMIT_NOFILE, &files)) {
		perror("raise RLIMIT_NOFILE");
		return 1;
	}
	libbpf_set_print(NULL);
	while (fgets(path, sizeof(path), stdin)) {
		unsigned long long start, opened, loaded;
		struct bpf_object *object;
		int attached;

		path[strcspn(path, "\n")] = '\0';
		start = now();
		object = bpf_object__open_file(path, NULL);
		opened = now();
		if (!object) {
			perror("open");
			return 1;
		}
		if (bpf_object__load(object)) {
			perror("load");
			return 1;
		}
		attached = attach(object, links, 16);
		loaded = now();
		if (attached < 0) {
			perror("attach");
			return 1;
		}
		while (attached > 0)
			bpf_link__destroy(links[--attached]);
		bpf_object__close(object);
		printf("%llu %llu\n", opened - start, loaded - opened);
		fflush(stdout);
	}
	return 0;
}
