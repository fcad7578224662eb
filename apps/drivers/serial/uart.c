/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Driver of a UART: characters between the device and one virtualiser. What is special to a device is behind uart.h.
 *
 * When the receiving ring is full, the device's interrupt is masked until there is room: the device's own FIFO and then
 * the other end of the line wait, and nothing is lost. Neither direction keeps the other waiting, however much there
 * is: each has a batch in turn. Left out: flow control by modem lines, DMA.
 *
 * The system description sets `uart_base` (setvar_vaddr) and `irq_channel` (setvar_id), and may say which clock feeds
 * the device and what the speed of the line is (docs/drivers.md); otherwise the speed is what the firmware has set.
 */
#include "serial/uart.h"

#include <libvmm/sddf/serial.h>
#include <libvmm/util/util.h>

#include "config.h"

#define BATCH 256u /* characters */

CONFIG_SECTION(SDDF_SERIAL_DRIVER_CONFIG) struct sddf_serial_driver_config config;
CONFIG_SECTION(".uart_config") struct uart_config line;
uintptr_t uart_base;
uint64_t irq_channel;

static struct sddf_serial rx;
static struct sddf_serial tx;
static bool is_rx_wanted; /* interrupts that are unmasked */
static bool is_tx_wanted;

static void unmask(bool rx_wanted, bool tx_wanted)
{
    if (rx_wanted != is_rx_wanted || tx_wanted != is_tx_wanted) {
        is_rx_wanted = rx_wanted;
        is_tx_wanted = tx_wanted;
        uart_unmask(rx_wanted, tx_wanted);
    }
}

/* Gives the device characters, as many as it takes. Answers how many. */
static uint32_t fill_fifo(const uint8_t *bytes, uint32_t length)
{
    uint32_t done = 0;
    while (done < length && uart_has_room()) {
        uart_send(bytes[done]);
        done++;
    }
    return done;
}

/* Sends a batch. Answers whether there may be more to do at once: the batch is used up. */
static bool transmit(void)
{
    uint32_t left = BATCH;
    uint8_t *bytes;
    uint32_t length = sddf_serial_piece(&tx, &bytes);
    uint32_t taken = fill_fifo(bytes, MIN(length, left));

    while (taken != 0) {
        sddf_serial_advance(&tx, taken);
        left -= taken;
        length = sddf_serial_piece(&tx, &bytes);
        taken = fill_fifo(bytes, MIN(length, left));
    }
    unmask(is_rx_wanted, length != 0);
    if (left != BATCH && sddf_serial_producer_waits(&tx)) {
        microkit_notify(tx.channel);
    }
    return left == 0;
}

/* Whether the ring takes a character; if not, the virtualiser says when it does. */
static bool has_room(void)
{
    uint8_t *room;
    return sddf_serial_piece(&rx, &room) != 0 || !sddf_serial_wait_for_room(&rx);
}

/* Receives a batch. Answers whether there may be more to do at once: the batch is used up. */
static bool receive(void)
{
    uint32_t left = BATCH;
    bool is_full = false;
    bool has_written = false;

    while (left != 0 && uart_has_received() && !is_full) {
        uint8_t character;
        uint8_t *room;
        is_full = !has_room();
        if (!is_full && uart_receive(&character) && sddf_serial_piece(&rx, &room) != 0) {
            *room = character;
            sddf_serial_advance(&rx, 1);
            has_written = true;
        }
        left--;
    }
    unmask(!is_full, is_tx_wanted);
    if (has_written) {
        microkit_notify(rx.channel);
    }
    return left == 0 && !is_full;
}

static void pump(void)
{
    bool is_busy = true;

    while (is_busy) {
        is_busy = config.rx_enabled && receive();
        is_busy = transmit() || is_busy;
    }
}

void init(void)
{
    const bool is_speed_known = config_is_filled_in(line.magic) && line.clock_hz != 0 && line.baud != 0;

    if (!sddf_magic_is(config.magic, SDDF_SERIAL_VERSION) || !sddf_serial_open(&rx, &config.rx, SDDF_PRODUCER) ||
        !sddf_serial_open(&tx, &config.tx, SDDF_CONSUMER)) {
        LOG_VMM_ERR("section " SDDF_SERIAL_DRIVER_CONFIG " is not filled in, or its regions hold no rings\n");
        return;
    }
    uart_start(is_speed_known ? line.clock_hz : 0, is_speed_known ? line.baud : 0);
    pump();
    microkit_irq_ack((microkit_channel)irq_channel);
}

void notified(microkit_channel channel)
{
    if (rx.queue == NULL || tx.queue == NULL) {
        return;
    }
    if (channel == irq_channel) {
        uart_clear_interrupts();
    }
    pump();
    if (channel == irq_channel) {
        microkit_deferred_irq_ack((microkit_channel)irq_channel);
    }
}
