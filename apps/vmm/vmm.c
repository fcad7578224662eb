/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A ready-made VMM: runs a Linux guest on virtual devices, and takes all that it has to know from its system
 * description. docs/vmm.md says what that has to contain.
 *
 * - The guest's RAM, number of vCPUs and interrupt controller are those of the description's virtual machine.
 * - Kernel, initial RAM disk and command line are memory regions that are filled from files (prefill_path).
 * - It has a console (virtio, or a PL011), virtio disk and network card each, if the PD is a client of such a
 * virtualiser, and an entropy device and firmware's random numbers, if it is one of an entropy driver.
 * - If it has a line for a debugger, the guest waits for that before its first instruction.
 * - If it is a client of a timer driver, its vCPUs wait for their timers blocked, on seL4 too.
 * - The device tree is made up of these.
 *
 * A guest that switches itself off takes the machine with it where the description permits that (smc="true");
 * otherwise its VMM stays, and other guests go on.
 */
#include <microkit.h>

#include <libvmm/gdb.h>
#include <libvmm/libvmm.h>
#include <libvmm/pci.h>
#include <libvmm/pl011.h>
#include <libvmm/sddf/entropy.h>
#include <libvmm/sddf/timer.h>
#include <libvmm/virtio/blk.h>
#include <libvmm/virtio/console.h>
#include <libvmm/virtio/net.h>
#include <libvmm/virtio/rng.h>

#include "config.h"

#define SECTION(name) __attribute__((__section__(name), __used__))

/* What the guest sees, apart from RAM and CPUs: as on QEMU's virt machine, and where that has nothing. */
#define GIC_DIST_BASE    0x8000000
#define GIC_DIST_BYTES   0x10000
#define GIC_CPU_BYTES    0x1000
#define GIC_REDIST_BASE  0x80a0000
#define GIC_REDIST_BYTES 0x20000 /* a vCPU */
#define PL011_BASE       0x9000000
#define PL011_IRQ        33
#define PL011_PATH       "/serial@9000000"
#define VIRTIO_MMIO_BASE 0xa000000
#define VIRTIO_IRQ       48
#define PCI_ECAM_BASE    0x10000000
#define PCI_WINDOW_BASE  0x11000000
#define PCI_WINDOW_BYTES 0x1000000
#define PCI_IRQ          35
#define PCI_MSI_BASE     0x8020000
#define PCI_MSI_IRQ      80
#define PCI_MSI_COUNT    64

#define VCPU_COUNT_MAX    8
#define NEVER             UINT64_MAX
#define NS_PER_SECOND     UINT64_C(1000000000)
#define SECONDS_AHEAD_MAX UINT64_C(3600) /* a vCPU that is woken for nothing goes on waiting */

#define PSCI_SYSTEM_OFF 0x84000008
#define DTB_BYTES       0x4000
#define IMAGE_ALIGN     0x200000
#define BOOTARGS_BYTES  1024
#define SEED_BYTES      40 /* rng-seed and kaslr-seed */
#define BOOTARGS_VIRTIO "console=hvc0"
#define BOOTARGS_PL011  "console=ttyAMA0 earlycon"

/* Filled in by tools/sddf/configure. A client section that stays empty: no such device. */
SECTION(VMM_CONFIG_SECTION) struct vmm_config config;
SECTION(SDDF_SERIAL_CLIENT_CONFIG) struct sddf_serial_client_config serial_config;
SECTION(SDDF_BLK_CLIENT_CONFIG) struct sddf_blk_client_config blk_config;
SECTION(SDDF_NET_CLIENT_CONFIG) struct sddf_net_client_config net_config;
SECTION(ENTROPY_CLIENT_CONFIG) struct entropy_client_config entropy_config;
SECTION(GDB_CLIENT_CONFIG) struct sddf_serial_client_config gdb_config;
SECTION(SDDF_TIMER_CLIENT_CONFIG) struct sddf_timer_client_config timer_config;

/* Set by the system description (setvar_vaddr, setvar_prefill_size). */
uintptr_t guest_kernel_vaddr, guest_kernel_bytes;
uintptr_t guest_initrd_vaddr, guest_initrd_bytes;
uintptr_t guest_bootargs_vaddr, guest_bootargs_bytes;

static struct gdb gdb;
static struct pci_host pci_host;
static struct virtio_console console;
static struct pl011 uart;
static struct sddf_serial uart_rx, uart_tx;
static bool is_in_line; /* the last character that the guest's UART sent ended no line */
static struct virtio_blk blk;
static struct virtio_net net;
static struct virtio_rng rng;
static struct sddf_serial entropy;
static uint64_t deadlines[VCPU_COUNT_MAX]; /* of vCPUs that wait: values of the physical counter, or NEVER */
static unsigned device_count;
static uintptr_t kernel_pc;
static bool is_set_up;
static bool is_started;

static _Alignas(8) uint8_t dtb[DTB_BYTES];
static char bootargs[BOOTARGS_BYTES];

static struct virtio_place next_place(void)
{
    const unsigned n = device_count++;
    if (config.transport == VMM_TRANSPORT_PCI) {
        return virtio_at_pci(&pci_host, (uint8_t)(1 + n), 0);
    }
    return virtio_at_mmio(VIRTIO_MMIO_BASE + n * VIRTIO_MMIO_BYTES, VIRTIO_IRQ + n);
}

static bool add_pci_host(void)
{
    const struct pci_host_config host = {
        .ecam_base = PCI_ECAM_BASE,
        .window_base = PCI_WINDOW_BASE,
        .window_size_bytes = PCI_WINDOW_BYTES,
        .irqs = {PCI_IRQ, PCI_IRQ + 1, PCI_IRQ + 2, PCI_IRQ + 3},
        .msi_base = PCI_MSI_BASE,
        .msi_irq_first = PCI_MSI_IRQ,
        .msi_irq_count = PCI_MSI_COUNT,
    };
    return config.transport != VMM_TRANSPORT_PCI || pci_host_init(&pci_host, &host);
}

/* A line of the log between those of the guest, if there is room for all of it. */
static bool uart_log(void *cookie, const char *line, size_t length)
{
    (void)cookie;
    if (!sddf_serial_write_line(&uart_tx, &is_in_line, line, (uint32_t)length)) {
        return false;
    }
    microkit_notify(uart_tx.channel);
    return true;
}

/* What the virtualiser has no room for waits in the UART's FIFO, and then with the guest. */
static size_t uart_transmit(void *cookie, const uint8_t *bytes, size_t count)
{
    (void)cookie;
    const uint32_t wanted = (uint32_t)count;
    uint32_t done = sddf_serial_write(&uart_tx, bytes, wanted);
    if (done < wanted && !sddf_serial_wait_for_room(&uart_tx)) {
        done += sddf_serial_write(&uart_tx, bytes + done, wanted - done);
    }
    if (done != 0) {
        is_in_line = bytes[done - 1] != '\n';
        microkit_notify(uart_tx.channel);
    }
    return done;
}

static size_t uart_receive(void *cookie, uint8_t *bytes, size_t count_max)
{
    (void)cookie;
    const uint32_t done = sddf_serial_read(&uart_rx, bytes, (uint32_t)count_max);
    if (done != 0 && sddf_serial_producer_waits(&uart_rx)) {
        microkit_notify(uart_rx.channel);
    }
    return done;
}

static bool add_uart(void)
{
    const struct pl011_line line = {.transmit = uart_transmit, .receive = uart_receive};
    if (!sddf_serial_open(&uart_rx, &serial_config.rx, SDDF_CONSUMER) ||
        !sddf_serial_open(&uart_tx, &serial_config.tx, SDDF_PRODUCER)) {
        LOG_VMM_ERR("the regions of section " SDDF_SERIAL_CLIENT_CONFIG " hold no rings\n");
        return false;
    }
    log_set_output(uart_log, NULL);
    return pl011_init(&uart, PL011_BASE, PL011_IRQ, &line);
}

static bool uart_notified(microkit_channel ch)
{
    const bool is_known = uart_rx.queue != NULL && (ch == uart_rx.channel || ch == uart_tx.channel);
    if (is_known) {
        pl011_poll(&uart);
    }
    return is_known;
}

static bool has_uart(void)
{
    return serial_config.magic[0] != '\0' && config.console == VMM_CONSOLE_PL011;
}

static bool add_console(void)
{
    const struct virtio_console_port port = {.serial = &serial_config};
    if (has_uart()) {
        return add_uart();
    }
    log_set_output(virtio_console_log, &console);
    return serial_config.magic[0] == '\0' || virtio_console_init(&console, next_place(), &port, 1);
}

static bool add_blk(void)
{
    const size_t queue_count = MIN(config.vcpu_count, VIRTIO_BLK_QUEUE_COUNT_MAX);
    return blk_config.magic[0] == '\0' || virtio_blk_init(&blk, next_place(), &blk_config, queue_count);
}

static bool add_net(void)
{
    return net_config.magic[0] == '\0' || virtio_net_init(&net, next_place(), &net_config);
}

static size_t give_random(void *cookie, uint8_t *to, size_t bytes)
{
    (void)cookie;
    return entropy_take(&entropy, to, (uint32_t)bytes);
}

/* All or nothing. */
static bool give_random_number(uint8_t *bytes, size_t size_bytes, void *cookie)
{
    (void)cookie;
    return sddf_serial_available(&entropy) >= size_bytes &&
           entropy_take(&entropy, bytes, (uint32_t)size_bytes) == size_bytes;
}

static bool add_entropy(void)
{
    /* Names this source; made up for it. */
    static const uint8_t uuid[SMC_UUID_BYTES] = {0x93, 0xd6, 0x68, 0xff, 0x1e, 0x05, 0x41, 0x55,
                                                 0x92, 0x2b, 0x60, 0x37, 0xe5, 0xee, 0x76, 0x79};
    if (entropy_config.magic[0] == '\0') {
        return true;
    }
    if (!sddf_serial_open(&entropy, &entropy_config.stream, SDDF_CONSUMER)) {
        LOG_VMM_ERR("the regions of section " ENTROPY_CLIENT_CONFIG " hold no ring\n");
        return false;
    }
    return virtio_rng_init(&rng, next_place(), give_random, NULL) && smc_register_trng(uuid, give_random_number, NULL);
}

static uint64_t counter(void)
{
    uint64_t count;
    __asm__ volatile("isb\n mrs %0, cntpct_el0" : "=r"(count) : : "memory");
    return count;
}

/* From a value of the physical counter to the timer driver's ns from now, rounded up. */
static uint64_t ns_until(uint64_t deadline)
{
    uint64_t hz;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    const uint64_t now = counter();
    const uint64_t ticks = deadline > now ? MIN(deadline - now, SECONDS_AHEAD_MAX * hz) : 0;
    return ticks / hz * NS_PER_SECOND + ticks % hz * NS_PER_SECOND / hz + 1;
}

/* A client has one timeout: that of the first vCPU to be woken. */
static void set_timeout(void)
{
    uint64_t earliest = NEVER;
    for (size_t i = 0; i < VCPU_COUNT_MAX; i++) {
        earliest = MIN(earliest, deadlines[i]);
    }
    if (earliest != NEVER) {
        sddf_timer_set_timeout(timer_config.driver_id, ns_until(earliest));
    }
}

static bool arm_timer(size_t vcpu_id, uint64_t deadline, void *cookie)
{
    (void)cookie;
    deadlines[vcpu_id] = deadline;
    set_timeout();
    return true;
}

static bool has_timer(void)
{
    return timer_config.magic[0] != '\0';
}

static bool add_timer(void)
{
    for (size_t i = 0; i < VCPU_COUNT_MAX; i++) {
        deadlines[i] = NEVER;
    }
    return !has_timer() || guest_register_timer(arm_timer, NULL);
}

static bool timer_notified(microkit_channel ch)
{
    if (!has_timer() || ch != timer_config.driver_id) {
        return false;
    }
    const uint64_t now = counter();
    for (size_t i = 0; i < VCPU_COUNT_MAX; i++) {
        if (deadlines[i] <= now) {
            deadlines[i] = NEVER;
            guest_timer_due(i);
        }
    }
    set_timeout();
    return true;
}

static bool add_debugger(void)
{
    return gdb_config.magic[0] == '\0' || gdb_init_serial(&gdb, &gdb_config, true);
}

/* The command line is a file: it may end with a line feed. */
static const char *read_bootargs(void)
{
    if (guest_bootargs_bytes == 0) {
        return has_uart() ? BOOTARGS_PL011 : BOOTARGS_VIRTIO;
    }
    const char *text = (const char *)guest_bootargs_vaddr;
    const size_t bytes = MIN(guest_bootargs_bytes, BOOTARGS_BYTES - 1);
    for (size_t i = 0; i < bytes && text[i] != '\n'; i++) {
        bootargs[i] = text[i];
    }
    return bootargs;
}

/* From the end of RAM downwards: the device tree, the initial RAM disk. What is no Linux may want it at the start. */
static uintptr_t dtb_dest(void)
{
    if (config.device_tree == VMM_DEVICE_TREE_START) {
        return config.ram_guest_base;
    }
    return (config.ram_guest_base + config.ram.size - IMAGE_ALIGN) & ~(uintptr_t)(IMAGE_ALIGN - 1);
}

static uintptr_t initrd_dest(void)
{
    const uintptr_t end = config.ram_guest_base + config.ram.size - IMAGE_ALIGN;
    return (end - guest_initrd_bytes) & ~(uintptr_t)(IMAGE_ALIGN - 1);
}

static size_t write_device_tree(void)
{
    const struct linux_device_tree guest = {
        .ram_base = config.ram_guest_base,
        .ram_size_bytes = config.ram.size,
        .vcpu_count = config.vcpu_count,
        .gic = {.version = config.gic_version == 2 ? VIRQ_CONTROLLER_GICV2 : VIRQ_CONTROLLER_GICV3,
                .dist_base = GIC_DIST_BASE,
                .dist_size_bytes = GIC_DIST_BYTES,
                .redist_base = GIC_REDIST_BASE,
                .redist_size_bytes = (uint64_t)GIC_REDIST_BYTES * config.vcpu_count,
                .cpu_base = config.gic_cpu_base,
                .cpu_size_bytes = GIC_CPU_BYTES},
        .initrd_base = initrd_dest(),
        .initrd_size_bytes = guest_initrd_bytes,
        .bootargs = read_bootargs(),
        .stdout_path = has_uart() ? PL011_PATH : NULL,
    };
    return linux_device_tree_write(dtb, sizeof dtb, &guest);
}

static enum guest_power_action on_power(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)vcpu_id;
    (void)cookie;
    if (event == GUEST_POWER_OFF && config.has_firmware) {
        seL4_ARM_SMCContext call = {.x0 = PSCI_SYSTEM_OFF};
        microkit_arm_smc_call(&call, &call);
    }
    return GUEST_POWER_ACTION_DEFAULT;
}

static bool set_up(void)
{
    if (memcmp(config.magic, VMM_CONFIG_MAGIC, SDDF_MAGIC_BYTES) != 0) {
        LOG_VMM_ERR("section " VMM_CONFIG_SECTION " is empty: was the program configured?\n");
        return false;
    }
    if (!add_pci_host() || !add_console() ||
        !guest_ram_register((uintptr_t)config.ram.vaddr, config.ram_guest_base, config.ram.size) || !add_blk() ||
        !add_net() || !add_entropy() || !add_timer() || !add_debugger()) {
        return false;
    }
    const size_t dtb_bytes = write_device_tree();
    if (dtb_bytes == 0) {
        return false;
    }
    kernel_pc = linux_setup_images((uintptr_t)config.ram.vaddr, guest_kernel_vaddr, guest_kernel_bytes, (uintptr_t)dtb,
                                   dtb_dest(), dtb_bytes, guest_initrd_vaddr, initrd_dest(), guest_initrd_bytes);
    return kernel_pc != (uintptr_t)-1 && virq_controller_init(GUEST_VCPU_ID) &&
           guest_register_power_handler(on_power, NULL);
}

/* Random numbers enough for the seeds that the library gives the guest. */
static bool is_entropy_ready(void)
{
    return entropy.queue == NULL || sddf_serial_available(&entropy) >= SEED_BYTES;
}

/* A guest that looks at its disk before that is ready finds it empty, and not read-only. */
static void start_when_ready(void)
{
    if (is_set_up && !is_started && is_entropy_ready() && (blk_config.magic[0] == '\0' || virtio_blk_is_ready(&blk))) {
        is_started = true;
        guest_start(GUEST_VCPU_ID, kernel_pc, dtb_dest(), initrd_dest());
    }
}

void init(void)
{
    is_set_up = set_up();
    if (!is_set_up) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    start_when_ready();
    if (!is_started) {
        LOG_VMM("the guest waits for its disk%s\n", is_entropy_ready() ? "" : ", or for random numbers");
    }
}

static bool entropy_notified(microkit_channel ch)
{
    const bool is_known = entropy.queue != NULL && ch == entropy.channel;
    if (is_known) {
        virtio_rng_ready(&rng);
    }
    return is_known;
}

void notified(microkit_channel ch)
{
    if (!timer_notified(ch) && !virtio_notified(ch) && !entropy_notified(ch) && !uart_notified(ch) &&
        !gdb_notified(&gdb, ch)) {
        LOG_VMM_ERR("channel %u: no device's\n", ch);
    }
    start_when_ready();
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    if (!fault_handle(child, msginfo)) {
        return seL4_False;
    }
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return seL4_True;
}
