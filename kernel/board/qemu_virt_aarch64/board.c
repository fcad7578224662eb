/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * QEMU's "virt" machine with virtualization=on, 2 GiB of RAM or more, either
 * version of the interrupt controller. The console is its PL011, which a
 * system may give to a guest at the same time: the kernel only writes to it.
 */
#include "kernel/board/board.h"

#define MIB 0x100000ULL

const struct image_board kernel_board __attribute__((used)) = {
    .name = "qemu_virt_aarch64",
    .core_count = 8,
    .kernel = {.base = 0x40000000, .size_bytes = 2 * MIB},
    .ram = {{.base = 0x40000000, .size_bytes = 2048 * MIB}},
    .devices =
        {
            {.base = 0x08000000, .size_bytes = 0x10000},  /* distributor */
            {.base = 0x08010000, .size_bytes = 0x10000},  /* GICv2: CPU interface */
            {.base = 0x08030000, .size_bytes = 0x10000},  /* GICv2: hypervisor interface */
            {.base = 0x08080000, .size_bytes = 0xf80000}, /* GICv3: translation service, redistributors */
        },
};

const struct board_gic board_gic = {
    .distributor = 0x08000000,
    .v2_cpu_interface = 0x08010000,
    .v2_hypervisor_interface = 0x08030000,
    .v3_redistributors = 0x080a0000,
};

#define UART_BASE    0x09000000ULL
#define UART_DR      0x00
#define UART_FR      0x18
#define UART_FR_TXFF BIT(5)

uint64_t board_core_affinity(uint32_t id)
{
    /* Clusters of 8 with GICv2 and of 16 with GICv3; the kernel uses no more than 8 cores. */
    return id;
}

void board_putc(char c)
{
    static bool is_stuck; /* until there is room again: a guest that has the UART may have switched it off */
    volatile uint32_t *uart = (volatile uint32_t *)UART_BASE;
    unsigned looks = is_stuck ? UART_LOOKS_MAX : 0;

    while ((uart[UART_FR / 4] & UART_FR_TXFF) != 0) {
        if (++looks > UART_LOOKS_MAX) {
            is_stuck = true;
            return;
        }
    }
    is_stuck = false;
    uart[UART_DR / 4] = (uint32_t)(unsigned char)c;
}
