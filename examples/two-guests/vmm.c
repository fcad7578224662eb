/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMM of one of two Linux guests; both VMMs are this program. The guest's serial port is the library's PL011, whose
 * characters go through the console.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>

#include "line.h"

#define GUEST_DTB_DEST    0x45000000
#define GUEST_INITRD_DEST 0x45200000

/* As the guest's device tree has them. */
#define SERIAL_BASE 0x9000000
#define SERIAL_IRQ  33

#define CONSOLE_CH 0

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];
extern char _guest_initrd_image[], _guest_initrd_image_end[];

/* Set from the system description. */
uintptr_t guest_ram_vaddr;
struct line *line;

static struct pl011 serial;
static struct sddf_serial out, in;
static bool is_in_line; /* the last character that the guest sent ended no line */

static size_t transmit(void *cookie, const uint8_t *bytes, size_t count)
{
    size_t done = 0;
    (void)cookie;
    do {
        done += sddf_serial_write(&out, &bytes[done], (uint32_t)(count - done));
    } while (done < count && !sddf_serial_wait_for_room(&out));
    is_in_line = done != 0 ? bytes[done - 1] != '\n' : is_in_line;
    microkit_notify(CONSOLE_CH);
    return done;
}

/* Lines of this VMM's log among the guest's output. */
static bool log_to_console(void *cookie, const char *text, size_t length)
{
    (void)cookie;
    if (!sddf_serial_write_line(&out, &is_in_line, text, (uint32_t)length)) {
        return false;
    }
    microkit_notify(CONSOLE_CH);
    return true;
}

static size_t receive(void *cookie, uint8_t *bytes, size_t count_max)
{
    (void)cookie;
    const size_t count = sddf_serial_read(&in, bytes, (uint32_t)count_max);
    if (count != 0 && sddf_serial_producer_waits(&in)) {
        microkit_notify(CONSOLE_CH);
    }
    return count;
}

/* A guest that switches itself off stays off; the other one goes on. */
static enum guest_power_action on_power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)vcpu_id;
    (void)cookie;
    if (event == GUEST_POWER_OFF) {
        __atomic_store_n(&line->is_off, 1, __ATOMIC_RELEASE);
        microkit_notify(CONSOLE_CH);
    }
    return GUEST_POWER_ACTION_DEFAULT;
}

void init(void)
{
    const struct pl011_line ends = {transmit, receive, NULL};
    const bool has_console = line_open(line, SDDF_PRODUCER, &out, &in);
    if (has_console) {
        log_set_output(log_to_console, NULL);
    }
    uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image),
        (uintptr_t)_guest_initrd_image, GUEST_INITRD_DEST, (size_t)(_guest_initrd_image_end - _guest_initrd_image));
    if (!has_console || kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) ||
        !pl011_init(&serial, SERIAL_BASE, SERIAL_IRQ, &ends) || !guest_register_power_handler(on_power, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, GUEST_INITRD_DEST);
}

void notified(microkit_channel ch)
{
    (void)ch;
    pl011_poll(&serial);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    if (!fault_handle(child, msginfo)) {
        return seL4_False;
    }
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return seL4_True;
}
