/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program at a cgroup or at the ingress of an interface. Includes json.h and reply.h before it,
 * and libbpf's headers.
 */
#ifndef ATTACH_H
#define ATTACH_H

#define HAVE_TC AT_LEAST(0, 6) /* headers do not tell 0.4 and 0.5 from 0.3 */
#define NO_TC "bpf_tc_attach came with 0.4"
#define HAVE_TCX AT_LEAST(1, 3)
#define NO_TCX "bpf_program__attach_tcx came with 1.3"

/* A filter that netlink has put on an interface. */
struct filter {
	int ifindex;		/* 0 for none */
	bool made_hook;		/* its qdisc, which goes with it */
	__u32 handle, priority;
};

/* Attaches a program to the cgroup of a folder, by its expected attach type. */
static int attach_cgroup(struct bpf_program *program, const char *path, struct bpf_link **link)
{
	int cgroup = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (cgroup < 0)
		return -errno;
	*link = bpf_program__attach_cgroup(program, cgroup);
	err = libbpf_get_error(*link);
	close(cgroup);
	return err;
}

#if HAVE_TC

/* Removes a filter, and the qdisc that was made for it. */
static int remove_filter(const struct filter *f)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = f->ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = f->handle, .priority = f->priority);
	int err = f->handle ? bpf_tc_detach(&hook, &opts) : 0, destroyed;

	if (!f->made_hook)
		return err;
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS; /* or the qdisc stays */
	destroyed = bpf_tc_hook_destroy(&hook);
	return err ? err : destroyed;
}

static int attach_tc(struct bpf_program *program, int ifindex, struct filter *f)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(program));
	int err = bpf_tc_hook_create(&hook);

	if (err && err != -EEXIST)
		return err;
	*f = (struct filter){ .ifindex = ifindex, .made_hook = !err };
	err = bpf_tc_attach(&hook, &opts);
	if (err) {
		remove_filter(f);
		f->ifindex = 0;
		return err;
	}
	f->handle = opts.handle;
	f->priority = opts.priority;
	return 0;
}

#else

static int remove_filter(const struct filter *f)
{
	(void)f;
	return 0;
}

#endif

/* True if this libbpf has no such kind of attachment; the reply has been written then. */
static bool lacks_kind(const char *kind)
{
	if (!strcmp(kind, KIND_TC) && !HAVE_TC)
		reply_unsupported(kind, NO_TC);
	else if (!strcmp(kind, KIND_TCX) && !HAVE_TCX)
		reply_unsupported(kind, NO_TCX);
	else if (strcmp(kind, KIND_XDP) && strcmp(kind, KIND_HANDLER) && strcmp(kind, KIND_CGROUP) &&
		 strcmp(kind, KIND_TC) && strcmp(kind, KIND_TCX))
		reply_unsupported(kind, "this driver knows no such kind");
	else
		return false;
	return true;
}

/*
 * Attaches a program as kind cgroup, tc or tcx says, which this libbpf has. The error is of either
 * sign.
 */
static int attach_at(const struct value *request, struct bpf_program *program,
		     struct bpf_link **link, struct filter *f)
{
	const char *kind = string(request, "kind");
	int ifindex;

	if (!strcmp(kind, KIND_CGROUP))
		return attach_cgroup(program, string(request, "path"), link);
	ifindex = number(request, "ifindex");
#if HAVE_TCX
	if (!strcmp(kind, KIND_TCX)) {
		*link = bpf_program__attach_tcx(program, ifindex, NULL);
		return libbpf_get_error(*link);
	}
#endif
#if HAVE_TC
	return attach_tc(program, ifindex, f);
#else
	(void)ifindex, (void)f;
	return EOPNOTSUPP;
#endif
}

#endif
