/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMM of the display's driver VM: one Linux guest with the machine's display device passed through, a console of
 * its own on the shared serial line, and the region that it shares with the till. The guest's store to the doorbell
 * becomes a notification of the till; the till's notification becomes an interrupt. The till can have the guest
 * restarted, and is told of every restart.
 *
 * A restart of the guest does not reset these devices, which would go on using the last guest's memory: stop_devices()
 * does.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>
#include <libvmm/sddf/timer.h>
#include <libvmm/virtio/console.h>

/* Where the guest finds its device tree and initial RAM disk (guest-physical); the device tree says the latter too. */
#define GUEST_DTB_DEST    0x55000000
#define GUEST_INITRD_DEST 0x55200000

/* Guest-physical addresses and interrupts that the till's side of the protocol is made for. */
#define DOORBELL_BASE  0x300000
#define DOORBELL_BYTES 0x1000
#define TILL_IRQ       50 /* SPI 18 */

/* The guest's console, a device of the library. */
#define CONSOLE_BASE 0xb000000
#define CONSOLE_IRQ  96

/* The page of the machine's virtio-mmio transports 24 to 31; and the register that resets a device [VIRTIO 4.2.2]. */
#define VIRTIO_TRANSPORT_COUNT 8
#define VIRTIO_TRANSPORT_BYTES 0x200
#define VIRTIO_STATUS          0x70

/* Channels of the system description, besides those of queues and timer. */
#define TILL_CH    10
#define RESTART_CH 11

/* The machine's devices: their interrupts and channels. */
static const struct {
    uint16_t irq;
    microkit_channel channel;
} interrupts[] = {
    {72, 1}, /* display */
    {73, 4}, /* keyboard */
    {74, 5}, /* pointer */
};

#define NS_PER_S UINT64_C(1000000000)

/* PSCI function that switches the machine off. */
#define PSCI_SYSTEM_OFF 0x84000008

__attribute__((section(SDDF_SERIAL_CLIENT_CONFIG), used)) struct sddf_serial_client_config serial_config;
__attribute__((section(SDDF_TIMER_CLIENT_CONFIG), used)) struct sddf_timer_client_config timer_config;

/* Made by package_guest_images.S. */
extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];
extern char _guest_initrd_image[], _guest_initrd_image_end[];

/* Set by the system description: guest RAM here, its size, and the page of transports. */
uintptr_t guest_ram_vaddr;
size_t guest_ram_bytes;
uintptr_t virtio_vaddr;

static struct virtio_console console;

static void stop_devices(void)
{
    for (uintptr_t i = 0; i < VIRTIO_TRANSPORT_COUNT; i++) {
        *(volatile uint32_t *)(virtio_vaddr + i * VIRTIO_TRANSPORT_BYTES + VIRTIO_STATUS) = 0;
    }
}

/* A guest that switches itself off takes the machine with it; one that resets is restarted by the library. */
static enum guest_power_action on_power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)vcpu_id;
    (void)cookie;
    if (event == GUEST_POWER_OFF) {
        seL4_ARM_SMCContext call = {.x0 = PSCI_SYSTEM_OFF};
        microkit_arm_smc_call(&call, &call);
    }
    stop_devices();
    microkit_notify(RESTART_CH);
    return GUEST_POWER_ACTION_DEFAULT;
}

/* Whatever the guest is doing. */
static void restart_guest(void)
{
    LOG_VMM("the guest is restarted\n");
    guest_stop(GUEST_VCPU_ID);
    stop_devices();
    microkit_notify(RESTART_CH);
    guest_restart(GUEST_VCPU_ID, guest_ram_vaddr, guest_ram_bytes);
}

static bool on_doorbell(size_t vcpu_id, size_t offset, size_t fsr, seL4_UserContext *regs, void *data)
{
    (void)vcpu_id;
    (void)data;
    if (fault_is_write(fsr)) {
        microkit_notify(TILL_CH);
    } else {
        fault_emulate_write(regs, offset, fsr, 0);
    }
    return true;
}

/* On a kernel where a waiting vCPU is not woken by its virtual timer, the timer driver's notification wakes it. */
static bool arm_timer(size_t vcpu_id, uint64_t deadline, void *cookie)
{
    uint64_t now;
    uint64_t hz;
    (void)vcpu_id;
    (void)cookie;
    __asm__ volatile("mrs %0, cntpct_el0" : "=r"(now) : : "memory");
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    const uint64_t ticks = deadline > now ? deadline - now : 0;
    sddf_timer_set_timeout(timer_config.driver_id, ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz);
    return true;
}

static bool pass_interrupts_through(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(interrupts); i++) {
        if (!virq_register_passthrough(GUEST_VCPU_ID, interrupts[i].irq, interrupts[i].channel)) {
            return false;
        }
        microkit_irq_ack(interrupts[i].channel);
    }
    return true;
}

static bool set_up_devices(void)
{
    return pass_interrupts_through() && virq_register(GUEST_VCPU_ID, TILL_IRQ, NULL, NULL) &&
           fault_register_vm_exception_handler(DOORBELL_BASE, DOORBELL_BYTES, on_doorbell, NULL);
}

void init(void)
{
    const struct virtio_console_port port = {.serial = &serial_config};
    log_set_output(virtio_console_log, &console);
    if (!sddf_magic_is(timer_config.magic, SDDF_TIMER_VERSION) ||
        !virtio_console_init(&console, virtio_at_mmio(CONSOLE_BASE, CONSOLE_IRQ), &port, 1)) {
        LOG_VMM_ERR("a section of the configuration is not filled in\n");
        return;
    }
    const uintptr_t kernel_pc = linux_setup_images(
        guest_ram_vaddr, (uintptr_t)_guest_kernel_image, (size_t)(_guest_kernel_image_end - _guest_kernel_image),
        (uintptr_t)_guest_dtb_image, GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image),
        (uintptr_t)_guest_initrd_image, GUEST_INITRD_DEST, (size_t)(_guest_initrd_image_end - _guest_initrd_image));
    if (kernel_pc == (uintptr_t)-1 || !virq_controller_init(GUEST_VCPU_ID) || !set_up_devices() ||
        !guest_register_power_handler(on_power, NULL) || !guest_register_timer(arm_timer, NULL)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    guest_start(GUEST_VCPU_ID, kernel_pc, GUEST_DTB_DEST, GUEST_INITRD_DEST);
}

void notified(microkit_channel ch)
{
    if (ch == TILL_CH) {
        virq_inject(GUEST_VCPU_ID, TILL_IRQ);
    } else if (ch == RESTART_CH) {
        restart_guest();
    } else if (ch == timer_config.driver_id) {
        guest_timer_due(GUEST_VCPU_ID);
    } else if (!virtio_notified(ch) && !virq_handle_passthrough(ch)) {
        LOG_VMM_ERR("channel %u: not the guest's\n", ch);
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    if (!fault_handle(child, msginfo)) {
        return seL4_False;
    }
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return seL4_True;
}
