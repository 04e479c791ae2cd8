/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One XDP program on an interface: by a link, or by netlink. Includes json.h and reply.h before it,
 * and libbpf's headers.
 */
#ifndef XDP_H
#define XDP_H

#include <linux/if_link.h>

/* A program that netlink has put on an interface. */
struct by_netlink {
	int ifindex;	/* 0 for none */
	int program;	/* its descriptor, which belongs to the object */
	__u32 flags;	/* XDP_FLAGS_*_MODE */
};

static __u32 mode_flags(const char *mode)
{
	return !strcmp(mode, MODE_NATIVE) ? XDP_FLAGS_DRV_MODE :
	       !strcmp(mode, MODE_SKB)	  ? XDP_FLAGS_SKB_MODE :
					    0;
}

/* Has an interface run a program, or none if that is -1, in the place of old; -1 for any. */
static int put_xdp(int ifindex, int program, __u32 flags, int old)
{
#if AT_LEAST(0, 8)
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = old);

	return bpf_xdp_attach(ifindex, program, flags, old < 0 ? NULL : &opts);
#else
	DECLARE_LIBBPF_OPTS(bpf_xdp_set_link_opts, opts, .old_fd = old);

	return bpf_set_link_xdp_fd_opts(ifindex, program, flags, old < 0 ? NULL : &opts);
#endif
}

/* Attaches a program by netlink. replaces is the path of the one that has to be there, or "". */
static int attach_by_netlink(struct by_netlink *a, int ifindex, int program, const char *mode,
			     const char *replaces)
{
	int old = -1, err;

	*a = (struct by_netlink){ ifindex, program, mode_flags(mode) };
	if (*replaces && (old = bpf_obj_get(replaces)) < 0)
		return errno;
	err = put_xdp(ifindex, program, a->flags | (old < 0 ? XDP_FLAGS_UPDATE_IF_NOEXIST : 0), old);
	if (old >= 0)
		close(old);
	return err < 0 ? -err : err;
}

static int detach_by_netlink(const struct by_netlink *a)
{
	int err = put_xdp(a->ifindex, -1, a->flags, a->program);

	return err < 0 ? -err : err;
}

/* Attaches a program by a link in a mode, which bpf_program__attach_xdp cannot be told. */
static int link_xdp(int ifindex, int program, const char *mode)
{
	DECLARE_LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = mode_flags(mode));
	int fd = bpf_link_create(program, ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

#endif
