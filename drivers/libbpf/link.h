/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several objects linked into one by bpf_linker, which came with 0.4. Includes reply.h and json.h
 * before it, and libbpf's headers.
 */
#ifndef LINK_H
#define LINK_H

#define HAVE_LINKER AT_LEAST(0, 6) /* headers do not tell 0.4 and 0.5 from 0.3 */
#define NO_LINKER "bpf_linker came with 0.4"

#if HAVE_LINKER
/* Adds all inputs and writes the output; an error number, or 0. */
static int link_objects(struct bpf_linker *linker, const struct value *inputs)
{
	for (const struct value *input = inputs->child; input; input = input->next) {
		int err = bpf_linker__add_file(linker, input->text, NULL);

		if (err)
			return err;
	}
	return bpf_linker__finalize(linker);
}
#endif

static void op_link(const struct value *request)
{
	const struct value *inputs = need(request, "inputs", JSON_ARRAY);
	const char *output = string(request, "output");

	for (const struct value *input = inputs->child; input; input = input->next)
		if (input->kind != JSON_STRING)
			fail("inputs: want paths");
#if HAVE_LINKER
	struct bpf_linker *linker = bpf_linker__new(output, NULL);
	int err = libbpf_get_error(linker);

	if (!err) {
		err = link_objects(linker, inputs);
		bpf_linker__free(linker);
	}
	reply_result(STAGE_LINK, err);
#else
	(void)output;
	reply_unsupported(FEATURE_STATIC_LINK, NO_LINKER);
#endif
}

#endif
