// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Values of the kernel's configuration, of every type.
#include "bpf.h"

enum libbpf_tristate { TRI_NO = 0, TRI_YES = 1, TRI_MODULE = 2 };

#define KCONFIG SEC(".kconfig")
extern int LINUX_KERNEL_VERSION KCONFIG;
extern _Bool LINUX_HAS_BPF_COOKIE KCONFIG;
extern _Bool LINUX_HAS_SYSCALL_WRAPPER KCONFIG __weak;
extern long long LINUX_UNHEARD_OF KCONFIG __weak;
extern _Bool CONFIG_BOOL KCONFIG;
extern const enum libbpf_tristate CONFIG_TRISTATE KCONFIG;
extern char CONFIG_CHAR KCONFIG;
extern unsigned char CONFIG_BYTE KCONFIG;
extern short CONFIG_SHORT KCONFIG;
extern unsigned short CONFIG_USHORT KCONFIG;
extern int CONFIG_INT KCONFIG;
extern unsigned CONFIG_UINT KCONFIG;
extern long long CONFIG_LONG KCONFIG;
extern volatile __u64 CONFIG_ULONG KCONFIG;
extern const char CONFIG_STRING[8] KCONFIG;
extern int CONFIG_WEAK KCONFIG __weak;

SEC("xdp") int use(void *ctx)
{
	__u64 sum = LINUX_KERNEL_VERSION + LINUX_HAS_BPF_COOKIE + LINUX_HAS_SYSCALL_WRAPPER + LINUX_UNHEARD_OF;

	sum += CONFIG_BOOL + CONFIG_TRISTATE + CONFIG_CHAR + CONFIG_BYTE + CONFIG_SHORT + CONFIG_USHORT;
	sum += CONFIG_INT + CONFIG_UINT + CONFIG_LONG + CONFIG_ULONG + CONFIG_STRING[2] + CONFIG_WEAK;
	return sum;
}
