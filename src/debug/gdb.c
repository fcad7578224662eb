/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The stub: its line, its attachment to the guest, and when it answers. gdb_request.c has the requests.
 */
#include <libvmm/gdb.h>

#include <libvmm/util/util.h>

#include "debug/gdb_request.h"
#include "debug/gdb_stub.h"
#include "util/checked.h"

static struct gdb_stub *stub_of(struct gdb *gdb)
{
    return (struct gdb_stub *)(void *)gdb;
}

/* The line. */

static size_t transmit(struct gdb_stub *stub, const char *bytes, size_t count)
{
    return count == 0 ? 0 : stub->line.transmit(stub->line.cookie, (const uint8_t *)bytes, count);
}

/* Answers through output.sent and ack whether all is sent. */
static void flush(struct gdb_stub *stub)
{
    if (stub->ack != '\0' && transmit(stub, &stub->ack, 1) == 1) {
        stub->ack = '\0';
    }
    if (stub->ack == '\0') {
        struct gdb_output *output = &stub->output;
        output->sent += (uint32_t)transmit(stub, output->bytes + output->sent, output->length - output->sent);
    }
}

/* Answers. */

static void on_stop(struct debug *debug, enum debug_reason why)
{
    struct gdb_stub *stub = (struct gdb_stub *)(void *)debug;
    const enum gdb_awaits awaited = stub->awaits;
    stub->awaits = GDB_AWAITS_NOTHING;
    stub->thread = debug->vcpu_id;
    if (awaited == GDB_AWAITS_NOTHING) {
        return;
    }
    stub->is_answering = false;
    gdb_output_begin(&stub->output);
    if (awaited == GDB_AWAITS_REBOOT) {
        gdb_output_text(&stub->output, "OK");
    } else {
        gdb_request_put_stop(stub, why);
    }
    gdb_output_end(&stub->output);
    flush(stub);
}

void gdb_stub_await(struct gdb_stub *stub, enum gdb_awaits what)
{
    stub->awaits = what;
    stub->is_answering = false;
    stub->output.length = 0;
}

static void take_request(struct gdb_stub *stub)
{
    gdb_output_begin(&stub->output);
    stub->is_answering = true;
    gdb_request(stub, stub->input.bytes);
    if (stub->is_answering) {
        gdb_output_end(&stub->output);
    }
    stub->is_answering = false;
}

static bool is_all_sent(const struct gdb_stub *stub)
{
    return stub->ack == '\0' && stub->output.sent == stub->output.length;
}

static void take(struct gdb_stub *stub, uint8_t character)
{
    switch (gdb_input_take(&stub->input, character)) {
    case GDB_PACKET_WHOLE:
        stub->ack = '+';
        take_request(stub);
        break;
    case GDB_PACKET_BROKEN:
        stub->ack = '-';
        break;
    case GDB_PACKET_AGAIN:
        stub->output.sent = 0;
        break;
    case GDB_PACKET_INTERRUPT:
        debug_interrupt(&stub->debug);
        break;
    case GDB_PACKET_NONE:
        break;
    }
}

static bool has_more(struct gdb_stub *stub)
{
    if (stub->chunk_at == stub->chunk_count) {
        stub->chunk_at = 0;
        stub->chunk_count = stub->line.receive(stub->line.cookie, stub->chunk, sizeof stub->chunk);
    }
    return stub->chunk_at != stub->chunk_count;
}

static void poll(struct gdb_stub *stub)
{
    flush(stub);
    while (is_all_sent(stub) && has_more(stub)) {
        take(stub, stub->chunk[stub->chunk_at++]);
        flush(stub);
    }
}

void gdb_poll(struct gdb *gdb)
{
    poll(stub_of(gdb));
}

/* A line of sDDF. */

static size_t serial_transmit(void *cookie, const uint8_t *bytes, size_t count)
{
    struct gdb_stub *stub = cookie;
    const uint32_t wanted = (uint32_t)count;
    uint32_t done = sddf_serial_write(&stub->tx, bytes, wanted);
    if (done < wanted && !sddf_serial_wait_for_room(&stub->tx)) {
        done += sddf_serial_write(&stub->tx, bytes + done, wanted - done);
    }
    if (done != 0) {
        microkit_notify(stub->tx.channel);
    }
    return done;
}

static size_t serial_receive(void *cookie, uint8_t *bytes, size_t count_max)
{
    struct gdb_stub *stub = cookie;
    const uint32_t done = sddf_serial_read(&stub->rx, bytes, (uint32_t)count_max);
    if (done != 0 && sddf_serial_producer_waits(&stub->rx)) {
        microkit_notify(stub->rx.channel);
    }
    return done;
}

/* Attaching. */

bool gdb_init(struct gdb *gdb, const struct gdb_line *line, bool waits)
{
    struct gdb_stub *stub = stub_of(gdb);
    struct vm *vm = vm_instance();
    if (line->transmit == NULL || line->receive == NULL || vm->debugger != NULL || vm->started) {
        LOG_VMM_ERR("gdb_init: %s\n", vm->debugger != NULL ? "there is a debugger already"
                                      : vm->started        ? "comes before guest_start"
                                                           : "a function of the line is missing");
        return false;
    }
    stub->line = *line;
    debug_attach(&stub->debug, vm, on_stop, waits);
    if (waits) {
        LOG_VMM("the guest will wait for a debugger before its first instruction\n");
    }
    return true;
}

bool gdb_init_serial(struct gdb *gdb, const struct sddf_serial_client_config *config, bool waits)
{
    struct gdb_stub *stub = stub_of(gdb);
    const struct gdb_line line = {.transmit = serial_transmit, .receive = serial_receive, .cookie = stub};
    if (!sddf_magic_is(config->magic, SDDF_SERIAL_VERSION) ||
        !sddf_serial_open(&stub->rx, &config->rx, SDDF_CONSUMER) ||
        !sddf_serial_open(&stub->tx, &config->tx, SDDF_PRODUCER)) {
        LOG_VMM_ERR("gdb_init_serial: section " GDB_CLIENT_CONFIG " is not filled in, or its regions hold no rings\n");
        return false;
    }
    return gdb_init(gdb, &line, waits);
}

bool gdb_notified(struct gdb *gdb, microkit_channel channel)
{
    struct gdb_stub *stub = stub_of(gdb);
    const bool is_known = stub->rx.queue != NULL && (channel == stub->rx.channel || channel == stub->tx.channel);
    if (is_known) {
        poll(stub);
    }
    return is_known;
}

bool gdb_stub_add_map(struct gdb_stub *stub, uint64_t va, uint64_t at, uint64_t size_bytes)
{
    uint64_t end;
    for (size_t i = 0; i < BREAKPOINT_MAP_COUNT; i++) {
        struct breakpoint_map *map = &stub->debug.breakpoints.maps[i];
        if (map->size_bytes == 0 && size_bytes != 0 && checked_add(va, size_bytes - 1, &end) &&
            checked_add(at, size_bytes - 1, &end)) {
            *map = (struct breakpoint_map){.va = va, .at = at, .size_bytes = size_bytes};
            return true;
        }
    }
    return false;
}

bool gdb_map(struct gdb *gdb, uint64_t va, uint64_t paddr, uint64_t size_bytes)
{
    const bool is_added = gdb_stub_add_map(stub_of(gdb), va, paddr, size_bytes);
    if (!is_added) {
        LOG_VMM_ERR("gdb_map: 0x%lx bytes, 0x%lx at 0x%lx, are empty or wrap around, or there are %d maps already\n",
                    size_bytes, va, paddr, BREAKPOINT_MAP_COUNT);
    }
    return is_added;
}
