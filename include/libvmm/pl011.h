/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * An emulated PL011 serial port: a console for a guest that is given no UART of the machine's. Guests have a driver for
 * it from their first instruction on (earlycon=pl011,ADDRESS).
 *
 * It is in the guest's copy of the device tree if it is set up before linux_setup_images. Otherwise that has a node for
 * it as for a real one: compatible = "arm,pl011", "arm,primecell"; reg, 0x1000 bytes; interrupts, level high; two
 * clocks, of any frequency.
 *
 * Where the characters go to and come from is the VMM's business: two functions, which the library calls. Each may
 * take or give less than it is asked for; the VMM then calls pl011_poll when there is room, or something to read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of guest-physical addresses that it takes. */
#define PL011_BYTES 0x1000
/** Characters that each of its FIFOs holds. */
#define PL011_FIFO_BYTES 32

/** The other end of the line. Called from within fault_handle and pl011_poll. */
struct pl011_line {
    /** Takes characters that the guest has sent; answers how many it took: 0 to `count`, from the first on. */
    size_t (*transmit)(void *cookie, const uint8_t *bytes, size_t count);
    /** Gives characters for the guest; answers how many: 0 to `count_max`. */
    size_t (*receive)(void *cookie, uint8_t *bytes, size_t count_max);
    /** Passed to both. */
    void *cookie;
};

/** A FIFO; the library's. */
struct pl011_fifo {
    uint8_t bytes[PL011_FIFO_BYTES];
    uint32_t first;
    uint32_t count;
};

/** A serial port. The VMM provides the memory, for as long as it lives; its content is the library's. */
struct pl011 {
    _Alignas(8) unsigned char listed[24];
    _Alignas(8) unsigned char irq_line[16];
    struct pl011_line line;
    uint64_t base;
    size_t irq;
    bool is_described;   /* to the guest by the library */
    uint32_t scratch[4]; /* IBRD, FBRD, ILPR, DMACR: kept, without effect */
    uint32_t lcr;
    uint32_t control;
    uint32_t levels;
    uint32_t mask;
    uint32_t raw;
    struct pl011_fifo tx;
    struct pl011_fifo rx;
};

/**
 * Gives the guest a serial port, in the state in which firmware leaves one: on, with FIFOs. Before linux_setup_images,
 * or, for a guest whose device tree has it already, between virq_controller_init and guest_start. A restart of the
 * guest puts it back into this state.
 *
 * @param uart  storage for it.
 * @param base  guest-physical address, a multiple of 0x1000, where nothing else is.
 * @param irq   INTID of an SPI, 32 to 1019, that nothing else uses.
 * @param line  copied; both functions must be there.
 * @return false, with a line in the log, when an argument is out of range or taken. Then nothing has changed.
 */
bool pl011_init(struct pl011 *uart, uint64_t base, size_t irq, const struct pl011_line *line);

/**
 * Sends and receives what can be: to be called when the other end of the line has room again, or characters. Harmless
 * at any other time.
 *
 * @param uart  one that pl011_init has set up.
 */
void pl011_poll(struct pl011 *uart);

#ifdef __cplusplus
}
#endif
