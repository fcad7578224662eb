/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Xilinx ZCU102: Zynq UltraScale+ with four Cortex-A53, a GICv2, 4 GiB of RAM [UG1085]. The kernel is entered at EL2,
 * with PSCI by SMC, as from Arm Trusted Firmware or QEMU's xlnx-zcu102 with virtualization=on. The console is the first
 * Cadence UART, which a system may give to a guest at the same time: the kernel only writes to it.
 */
#include "kernel/board/board.h"

#define MIB 0x100000ULL

/* The first 2 MiB stay free: no memory at physical address 0. */
const struct image_board kernel_board __attribute__((used)) = {
    .name = "zcu102",
    .core_count = 4,
    .kernel = {.base = 2 * MIB, .size_bytes = 2 * MIB},
    .ram = {{.base = 2 * MIB, .size_bytes = 0x7fe00000 - 2 * MIB}, {.base = 0x800000000, .size_bytes = 2048 * MIB}},
    .devices =
        {
            {.base = 0xf9010000, .size_bytes = 0x10000}, /* distributor */
            {.base = 0xf9020000, .size_bytes = 0x20000}, /* CPU interface */
            {.base = 0xf9040000, .size_bytes = 0x20000}, /* hypervisor interface */
        },
};

/*
 * The pages of the CPU interface are 64 KiB apart, and each appears 16 times: the last appearance of the first page is
 * 4 KiB before the second.
 */
const struct board_gic board_gic = {
    .distributor = 0xf9010000,
    .v2_cpu_interface = 0xf902f000,
    .v2_hypervisor_interface = 0xf9040000,
};

#define UART_BASE        0xff000000ULL
#define UART_CONTROL     0x00
#define UART_CHANNEL_STS 0x2c
#define UART_FIFO        0x30
#define CONTROL_RXEN     BIT(2)
#define CONTROL_TXEN     BIT(4)
#define CONTROL_TXDIS    BIT(5)
#define CHANNEL_STS_TFUL BIT(4)

uint64_t board_core_affinity(uint32_t id)
{
    return id;
}

/* QEMU's UART is disabled at reset; after a firmware it is not. */
void board_putc(char c)
{
    static bool is_stuck; /* until there is room again: a guest that has the UART may have switched it off */
    volatile uint32_t *uart = (volatile uint32_t *)UART_BASE;
    unsigned looks = is_stuck ? UART_LOOKS_MAX : 0;

    if ((uart[UART_CONTROL / 4] & (CONTROL_TXEN | CONTROL_TXDIS)) != CONTROL_TXEN) {
        uart[UART_CONTROL / 4] = CONTROL_TXEN | CONTROL_RXEN;
    }
    while ((uart[UART_CHANNEL_STS / 4] & CHANNEL_STS_TFUL) != 0) {
        if (++looks > UART_LOOKS_MAX) {
            is_stuck = true;
            return;
        }
    }
    is_stuck = false;
    uart[UART_FIFO / 4] = (uint32_t)(unsigned char)c;
}
