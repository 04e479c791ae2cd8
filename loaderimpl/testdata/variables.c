// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Variables of every kind of type, and a program that returns what it reads of them.
#include "bpf.h"

enum level { LOW = -1, HIGH = 3 };
struct point { __u32 x, y; };

const volatile __u32 threshold = 5;
const volatile int shift SEC(".rodata.more") = -2;
_Bool on;
enum level level = HIGH;
__u64 big;
signed char small;
__u16 port;
__u16 ports[3] = { 1, 2, 3 };
int grid[2][2];
char name[8];
struct point point;
double ratio;
void *nowhere;
static volatile int hidden = 9;
static volatile int twin SEC(".data.one") = 1;
static volatile int twim SEC(".data.two") = 1; // which a test renames

SEC("xdp") int use(void *ctx)
{
	return threshold + shift + level + port + ports[2] + grid[1][1] + hidden + on + small + (int)big + point.y;
}

SEC("xdp") int others(void *ctx)
{
	return twin + twim + (nowhere != 0) + name[0] + (*(volatile __u64 *)&ratio != 0);
}
