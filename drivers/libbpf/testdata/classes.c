// SPDX-License-Identifier: Apache-2.0
/* Prints the class that the driver gives each error number, a line each: "22 invalid". */
#define main driver_main
#include "../driver.c"
#undef main

int main(void)
{
	for (int err = 1; err < __LIBBPF_ERRNO__END; err++)
		printf("%d %s\n", err, class_of(err));
	return 0;
}
