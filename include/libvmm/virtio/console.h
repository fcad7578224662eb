/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A virtio console, whose ports are clients of sDDF serial virtualisers: /dev/hvc0 of a Linux guest, and with several
 * ports /dev/hvc1 and so on, or /dev/vport0p1. [VIRTIO 5.3]
 *
 * No character is lost: what the virtualiser has no room for stays with the guest, and what the guest has given no
 * buffer for stays with the virtualiser.
 */
#pragma once

#include <libvmm/sddf/serial.h>
#include <libvmm/virtio/virtio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Ports that a console may have. */
#define VIRTIO_CONSOLE_PORT_COUNT_MAX 4
/** Bytes of storage of a console. */
#define VIRTIO_CONSOLE_STORAGE_BYTES 4096

/** Storage of a console; its content is the library's. */
struct virtio_console {
    _Alignas(16) uint8_t storage[VIRTIO_CONSOLE_STORAGE_BYTES];
};

/** A port. */
struct virtio_console_port {
    const struct sddf_serial_client_config *serial; /**< read once; its magic must be right */
    const char *name;                               /**< NULL: a console (hvc); otherwise a port with this name */
    uint16_t columns;                               /**< of the terminal; 0: not known */
    uint16_t rows;
};

/**
 * Sets up a console, before linux_setup_images.
 *
 * @param console     its storage.
 * @param place       where the guest finds it.
 * @param ports       copied, but for names, which must stay. The first one is the guest's first console.
 * @param port_count  1 to VIRTIO_CONSOLE_PORT_COUNT_MAX.
 * @return false, with a line in the log, when the place cannot be had, or a port's queues cannot be opened.
 */
bool virtio_console_init(struct virtio_console *console, struct virtio_place place,
                         const struct virtio_console_port *ports, size_t port_count);

/**
 * Tells the guest that a port's terminal has another size.
 *
 * @return false, with a line in the log, when there is no such port.
 */
bool virtio_console_resize(struct virtio_console *console, size_t port, uint16_t columns, uint16_t rows);

/**
 * Writes a line between those of the guest, to the first port: an output for log_set_output.
 *
 * @param console  the struct virtio_console, once it is set up.
 * @param line     what ends with a line feed gets a carriage return before that.
 * @return false when the line has no room in the port's queue: nothing is written.
 */
bool virtio_console_log(void *console, const char *line, size_t length);

#ifdef __cplusplus
}
#endif
