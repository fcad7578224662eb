/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The VMM of test/bench/guest/virtio.c: it counts exits. The guest has a disk, a network card and a console, all
 * virtual, or, where the VMM is no driver's client, the machine's own passed through; at the same addresses. With
 * ON_PCI, which is 0 or 1, the virtual ones are on a PCI bus.
 */
#include <microkit.h>

#include <libvmm/libvmm.h>
#include <libvmm/pci.h>
#include <libvmm/virtio/blk.h>
#include <libvmm/virtio/console.h>
#include <libvmm/virtio/net.h>

#include "counters.h"

#define SECTION(name) __attribute__((__section__(name), __used__))

#define GUEST_RAM_BASE  0x40000000
#define GUEST_DTB_DEST  0x40180000
#define PSCI_SYSTEM_OFF 0x84000008

/* As on QEMU's virt machine: transports 0, 8 and 16. */
#define BLK_BASE     0xa000000
#define NET_BASE     0xa001000
#define CONSOLE_BASE 0xa002000
#define BLK_IRQ      48
#define NET_IRQ      56
#define CONSOLE_IRQ  64
/* Channels of the interrupts, where they are passed through. */
#define BLK_CH 1

SECTION(SDDF_SERIAL_CLIENT_CONFIG) struct sddf_serial_client_config serial_config;
SECTION(SDDF_BLK_CLIENT_CONFIG) struct sddf_blk_client_config blk_config;
SECTION(SDDF_NET_CLIENT_CONFIG) struct sddf_net_client_config net_config;

extern char _guest_kernel_image[], _guest_kernel_image_end[];
extern char _guest_dtb_image[], _guest_dtb_image_end[];

/* Set from the system description. */
uintptr_t guest_ram_vaddr;
uint64_t guest_ram_paddr;
struct counters *counters;

static struct pci_host pci_host;
static struct virtio_blk blk;
static struct virtio_net net;
static struct virtio_console console;

static bool add_pci_host(void)
{
    const struct pci_host_config host = {
        .ecam_base = BENCH_PCI_ECAM,
        .window_base = BENCH_PCI_WINDOW,
        .window_size_bytes = 0x1000000,
        .irqs = {35, 36, 37, 38},
        .msi_base = BENCH_MSI_BASE,
        .msi_irq_first = BENCH_MSI_IRQ,
        .msi_irq_count = 64,
    };
    return pci_host_init(&pci_host, &host);
}

static struct virtio_place place(uint8_t slot, uint64_t base, size_t irq)
{
    return ON_PCI ? virtio_at_pci(&pci_host, slot, 0) : virtio_at_mmio(base, irq);
}

static bool add_virtual(void)
{
    const struct virtio_console_port port = {.serial = &serial_config};
    counters->is_virtual = true;
    counters->is_pci = ON_PCI;
    return (!ON_PCI || add_pci_host()) && virtio_blk_init(&blk, place(1, BLK_BASE, BLK_IRQ), &blk_config, 1) &&
           virtio_net_init(&net, place(2, NET_BASE, NET_IRQ), &net_config) &&
           virtio_console_init(&console, place(3, CONSOLE_BASE, CONSOLE_IRQ), &port, 1);
}

static bool pass_through(void)
{
    static const size_t irqs[] = {BLK_IRQ, NET_IRQ, CONSOLE_IRQ};
    counters->dma_offset = guest_ram_paddr - GUEST_RAM_BASE;
    for (unsigned i = 0; i < ARRAY_SIZE(irqs); i++) {
        if (!virq_register_passthrough(GUEST_VCPU_ID, irqs[i], BLK_CH + i)) {
            return false;
        }
        microkit_irq_ack(BLK_CH + i);
    }
    return true;
}

static enum guest_power_action on_power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)vcpu_id;
    (void)event;
    (void)cookie;
    seL4_ARM_SMCContext call = {.x0 = PSCI_SYSTEM_OFF};
    microkit_arm_smc_call(&call, &call);
    return GUEST_POWER_ACTION_DEFAULT;
}

static bool set_up(uintptr_t *pc)
{
    const bool is_virtual = blk_config.magic[0] != '\0';
    if (!guest_ram_register(guest_ram_vaddr, GUEST_RAM_BASE, 0x200000) || (is_virtual && !add_virtual())) {
        return false;
    }
    *pc = linux_setup_images(guest_ram_vaddr, (uintptr_t)_guest_kernel_image,
                             (size_t)(_guest_kernel_image_end - _guest_kernel_image), (uintptr_t)_guest_dtb_image,
                             GUEST_DTB_DEST, (size_t)(_guest_dtb_image_end - _guest_dtb_image), 0, 0, 0);
    return *pc != (uintptr_t)-1 && virq_controller_init(GUEST_VCPU_ID) && (is_virtual || pass_through()) &&
           guest_register_power_handler(on_power, NULL);
}

/* With its devices ready: the guest looks once. */
static void start(void)
{
    static bool has_started;
    uintptr_t pc;
    const bool is_virtual = blk_config.magic[0] != '\0';
    if (has_started || (is_virtual && !sddf_blk_is_ready(blk_config.virt.storage_info.vaddr))) {
        return;
    }
    has_started = true;
    if (!set_up(&pc)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    guest_start(GUEST_VCPU_ID, pc, GUEST_DTB_DEST, 0);
}

void init(void)
{
    start();
}

void notified(microkit_channel ch)
{
    counters->notifications++;
    if (!virtio_notified(ch)) {
        virq_handle_passthrough(ch);
    }
    start();
}

static void count(microkit_msginfo msginfo)
{
    counters->exits++;
    switch (microkit_msginfo_get_label(msginfo)) {
    case seL4_Fault_VMFault:
        counters->accesses++;
        break;
    case seL4_Fault_VCPUFault:
        counters->waits++;
        break;
    case seL4_Fault_VGICMaintenance:
        counters->ends++;
        break;
    default:
        break;
    }
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    count(msginfo);
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
