/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replies of the libbpf driver: a request ends in exactly one of them. Includes json.h before
 * it, and libbpf's headers.
 */
#ifndef REPLY_H
#define REPLY_H

#include <setjmp.h>

/*
 * Before 0.6 libbpf did not say its version, neither in a header nor at run time. The compiler's
 * command line says it then.
 */
#ifndef LIBBPF_MAJOR_VERSION
#define LIBBPF_MAJOR_VERSION 0
#define LIBBPF_MINOR_VERSION 0
#define libbpf_version_string() DRIVER_VERSION
#endif
#define AT_LEAST(major, minor) \
	(LIBBPF_MAJOR_VERSION > (major) || \
	 (LIBBPF_MAJOR_VERSION == (major) && LIBBPF_MINOR_VERSION >= (minor)))

/* bpf_token_path, and the calls of bpf.h that take a token. */
#define HAVE_TOKENS AT_LEAST(1, 4)
#define NO_TOKENS "bpf_token_path came with 1.4"

/* btf_custom_path. What else CO-RE finds types in is libbpf's choice: modules, and only them. */
#define HAVE_CUSTOM_BTF AT_LEAST(0, 6)
#define NO_CUSTOM_BTF "btf_custom_path came with 0.5"
#define NO_SPLIT_BTF "btf_custom_path takes one file of whole BTF, and no more can be given"

static FILE *replies;		/* the former stdout, so that what a library prints stays out */
static unsigned int seq;	/* of the request that is being answered, from 1; 0 before it is read */
static jmp_buf next_request;	/* where fail() goes on */

/*
 * The request makes no sense to this driver. Nothing of it has been done. One that has no number to
 * answer to ends the conversation.
 */
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
	put(replies, "{\"seq\":%u,\"unsupported\":{\"feature\":%s,\"reason\":%s}}\n", seq, feature,
	    reason);
}

/*
 * The class that an error number stands for: the coarse one of its errno, since a caller of libbpf
 * learns no more. Numbers from 4000 are libbpf's own. A number without a class becomes
 * unclassified, so that it cannot pass for an expected refusal.
 */
static const char *class_of(int err)
{
	switch (err) {
	case LIBBPF_ERRNO__LIBELF: return CLASS_MALFORMED_ELF;
	case LIBBPF_ERRNO__FORMAT: case LIBBPF_ERRNO__KVERSION: return CLASS_MALFORMED;
	case LIBBPF_ERRNO__RELOC: return CLASS_INVALID_RELOCATION;
	case LIBBPF_ERRNO__VERIFY: return CLASS_VERIFIER;
	case LIBBPF_ERRNO__PROG2BIG: return CLASS_LIMIT;
	case LIBBPF_ERRNO__KVER: case LIBBPF_ERRNO__PROGTYPE: return CLASS_NOT_SUPPORTED_KERNEL;
	case LIBBPF_ERRNO__ENDIAN: return CLASS_NOT_SUPPORTED;
	default: return class_of_errno(err);
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
		put(replies, ",\"log\":%s", strlen(log) > MAX_TEXT ? log + strlen(log) - MAX_TEXT : log);
	put(replies, "}}\n");
}

/* The kernel's id of a map, program or link. */
static unsigned int id_of(int fd)
{
	__u32 info[2] = { 0 }, size = sizeof(info); /* the info of all three starts with type and id */

	if (bpf_obj_get_info_by_fd(fd, info, &size)) {
		perror("id of what libbpf says it made"); /* no reply would be true */
		exit(1);
	}
	return info[1];
}

/*
 * The kernel's id of what libbpf calls a link; 0 for one that is no bpf_link, which the kernel says
 * with EINVAL: before 5.15 a perf event holds programs on tracepoints and kprobes.
 */
static unsigned int link_id_of(int fd)
{
	__u32 info[2] = { 0 }, size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, info, &size) && errno == EINVAL)
		return 0;
	return id_of(fd);
}

/*
 * Answers with success where err is 0, with a refusal where it is an error number of either sign.
 */
static void reply_result(const char *stage, int err)
{
	if (err)
		reply_rejected(stage, class_of(abs(err)), abs(err), "");
	else
		reply_ok();
}

#endif
