/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A hostile client: writes nonsense into everything that it shares with the virtualisers, for ever, and notifies them.
 * Some of the nonsense has sound counters, so that what entries say is looked at. The characters that it lets through
 * are harmless, for the sake of the test's own reading.
 */
#include <libvmm/sddf/blk.h>
#include <libvmm/sddf/net.h>
#include <libvmm/sddf/serial.h>
#include <libvmm/sddf/timer.h>
#include <libvmm/util/util.h>

__attribute__((section(SDDF_SERIAL_CLIENT_CONFIG), used)) struct sddf_serial_client_config serial;
__attribute__((section(SDDF_BLK_CLIENT_CONFIG), used)) struct sddf_blk_client_config blk;
__attribute__((section(SDDF_NET_CLIENT_CONFIG), used)) struct sddf_net_client_config net;
__attribute__((section(SDDF_TIMER_CLIENT_CONFIG), used)) struct sddf_timer_client_config timer;

static uint64_t state = 88172645463325252u;

static uint64_t any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Of every size, the extremes more often. */
static uint64_t any_value(void)
{
    uint64_t value = any();
    return value % 8 == 0 ? UINT64_MAX - value % 5000 : value >> (value % 64);
}

static void scribble(struct sddf_region region, size_t most)
{
    size_t words = MIN(region.size, most) / 8;
    for (unsigned i = 0; i < 16; i++) {
        ((volatile uint64_t *)region.vaddr)[any() % words] = any_value();
    }
}

/* Two counters of 32 bits at the start: sound ones, with up to 63 entries. */
static void offer32(struct sddf_region region, unsigned mine, unsigned other)
{
    volatile uint32_t *counters = region.vaddr;
    counters[mine] = counters[other] + (uint32_t)(any() % 64);
}

static void offer16(struct sddf_region region)
{
    volatile uint16_t *counters = region.vaddr;
    counters[0] = (uint16_t)(counters[1] + any() % 64);
}

/* Requests and frames that nearly make sense. */
static void bend_entries(void)
{
    struct sddf_blk_req_queue *requests = blk.virt.req_queue.vaddr;
    struct sddf_net_queue *frames = net.tx.active_queue.vaddr;
    struct sddf_net_queue *returned = net.rx.free_queue.vaddr;
    requests->plugged = false;
    for (unsigned i = 0; i < 64; i++) {
        requests->entries[i] = (struct sddf_blk_request){(uint32_t)(any() % 5), any_value(), any() % 4096,
                                                         (uint16_t)any_value(), (uint32_t)any()};
        frames->entries[i] = (struct sddf_net_buffer){any_value(), (uint16_t)any_value(), (uint16_t)any()};
        returned->entries[i] = (struct sddf_net_buffer){
            .io_or_offset = any() % 4 == 0 ? any_value() : any() % 256 * SDDF_NET_BUFFER_BYTES};
    }
}

static void disturb_serial(void)
{
    memset(serial.tx.data.vaddr, '.', serial.tx.data.size);
    ((volatile uint32_t *)serial.tx.queue.vaddr)[any() % 3] = (uint32_t)any_value();
    ((volatile uint32_t *)serial.rx.queue.vaddr)[any() % 3] = (uint32_t)any_value();
    microkit_notify(serial.tx.id);
}

static void disturb_blk(void)
{
    scribble(blk.virt.storage_info, 88);
    scribble(blk.virt.resp_queue, 64);
    scribble(blk.virt.req_queue, 2048);
    microkit_notify(blk.virt.id);
    bend_entries();
    offer32(blk.virt.req_queue, 1, 0);
    offer32(blk.virt.resp_queue, 0, 1);
    microkit_notify(blk.virt.id);
}

static void disturb_net(void)
{
    const struct sddf_region queues[] = {net.rx.free_queue, net.rx.active_queue, net.tx.free_queue,
                                         net.tx.active_queue};
    scribble(queues[any() % 4], 2048);
    microkit_notify(net.tx.id);
    scribble(net.tx_data, 4096);
    bend_entries();
    offer16(net.tx.active_queue);
    offer16(net.rx.free_queue);
    microkit_notify(net.tx.id);
}

static void disturb_timer(void)
{
    sddf_timer_set_timeout(timer.driver_id, any_value());
    (void)microkit_ppcall(timer.driver_id, microkit_msginfo_new(any() % 9, 0));
}

void init(void)
{
    for (unsigned round = 0;; round++) {
        if (round % 1024 == 0) {
            disturb_serial();
        }
        disturb_blk();
        disturb_net();
        disturb_timer();
    }
}

void notified(microkit_channel channel)
{
    (void)channel;
}
