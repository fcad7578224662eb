/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM whose Linux has two consoles: one with a single port, which is a client of the serial virtualiser, and one with
 * two ports, a console and a port named "echo". What the guest sends to "echo" comes back to it, through rings of a few
 * hundred bytes; a line "size COLUMNS ROWS" also changes the size of both consoles.
 */
#include <microkit.h>

#include <libvmm/arch/aarch64/device_tree.h>
#include <libvmm/libvmm.h>
#include <libvmm/virtio/console.h>

#define GUEST_RAM_BASE   0x40000000
#define GUEST_RAM_BYTES  0x10000000
#define GUEST_DTB_DEST   0x4fe00000
#define GUEST_INITRD     0x4c000000
#define VIRTIO_MMIO_BASE 0xa000000
#define VIRTIO_IRQ       48
#define PSCI_SYSTEM_OFF  0x84000008
#define RING_BYTES       512
#define LINE_BYTES       32
#define SERIAL_CH        1

__attribute__((__section__(SDDF_SERIAL_CLIENT_CONFIG), __used__)) struct sddf_serial_client_config serial_config;

/* Set by the system description. */
uintptr_t guest_ram_vaddr;
uintptr_t guest_kernel_vaddr, guest_kernel_bytes;
uintptr_t guest_initrd_vaddr, guest_initrd_bytes;

/* A connection whose other side is the VMM itself. */
struct loop {
    struct sddf_serial_client_config config;
    struct sddf_serial to_guest, from_guest;
    _Alignas(8) uint8_t queues[2][16];
    uint8_t rings[2][RING_BYTES];
};

static struct virtio_console single, several;
static struct loop quiet, echo;
static char line[LINE_BYTES];
static unsigned line_bytes;
static _Alignas(8) uint8_t dtb[0x4000];

static struct sddf_serial_connection connect(struct loop *loop, unsigned way)
{
    return (struct sddf_serial_connection){.queue = {loop->queues[way], sizeof loop->queues[way]},
                                           .data = {loop->rings[way], RING_BYTES},
                                           .id = SERIAL_CH};
}

static bool open_loop(struct loop *loop)
{
    loop->config = (struct sddf_serial_client_config){
        .magic = {'s', 'D', 'D', 'F', SDDF_SERIAL_VERSION}, .rx = connect(loop, 0), .tx = connect(loop, 1)};
    return sddf_serial_open(&loop->to_guest, &loop->config.rx, SDDF_PRODUCER) &&
           sddf_serial_open(&loop->from_guest, &loop->config.tx, SDDF_CONSUMER);
}

static bool add_consoles(void)
{
    const struct virtio_console_port one = {.serial = &serial_config, .columns = 81, .rows = 26};
    const struct virtio_console_port ports[] = {
        {.serial = &quiet.config, .columns = 82, .rows = 27},
        {.serial = &echo.config, .name = "echo"},
    };
    return open_loop(&quiet) && open_loop(&echo) &&
           virtio_console_init(&single, virtio_at_mmio(VIRTIO_MMIO_BASE, VIRTIO_IRQ), &one, 1) &&
           virtio_console_init(&several, virtio_at_mmio(VIRTIO_MMIO_BASE + VIRTIO_MMIO_BYTES, VIRTIO_IRQ + 1), ports,
                               ARRAY_SIZE(ports));
}

static const char *read_number(const char *text, uint16_t *number)
{
    unsigned value = 0;
    while (*text == ' ') {
        text++;
    }
    while (*text >= '0' && *text <= '9') {
        value = value * 10 + (unsigned)(*text++ - '0');
    }
    *number = (uint16_t)value;
    return text;
}

static void obey(const char *command)
{
    uint16_t columns, rows;
    if (memcmp(command, "size ", 5) == 0) {
        (void)read_number(read_number(command + 5, &columns), &rows);
        (void)virtio_console_resize(&single, 0, columns, rows);
        (void)virtio_console_resize(&several, 0, columns, rows);
    }
}

static void hear(char character)
{
    line[line_bytes] = character == '\n' ? '\0' : character;
    if (character == '\n') {
        obey(line);
        line_bytes = 0;
    } else if (line_bytes + 1 < LINE_BYTES) {
        line_bytes++;
    }
}

/* Answers whether a character went back. */
static bool pass_on(void)
{
    uint8_t character;
    const bool has_moved =
        sddf_serial_available(&echo.to_guest) != 0 && sddf_serial_read(&echo.from_guest, &character, 1) != 0;
    if (has_moved) {
        (void)sddf_serial_write(&echo.to_guest, &character, 1);
        hear((char)character);
    }
    return has_moved;
}

static void run_echo(void)
{
    uint8_t dropped;
    bool has_moved = false;
    while (sddf_serial_read(&quiet.from_guest, &dropped, 1) != 0) {
    }
    while (pass_on()) {
        has_moved = true;
    }
    if (has_moved) {
        (void)virtio_notified(SERIAL_CH);
    }
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

static size_t write_device_tree(void)
{
    const struct linux_device_tree guest = {
        .ram_base = GUEST_RAM_BASE,
        .ram_size_bytes = GUEST_RAM_BYTES,
        .vcpu_count = 1,
        .gic = {.version = VIRQ_CONTROLLER_GICV2,
                .dist_base = 0x8000000,
                .dist_size_bytes = 0x10000,
                .cpu_base = 0x8010000,
                .cpu_size_bytes = 0x1000},
        .initrd_base = GUEST_INITRD,
        .initrd_size_bytes = guest_initrd_bytes,
        .bootargs = "console=hvc0",
    };
    return linux_device_tree_write(dtb, sizeof dtb, &guest);
}

static bool set_up(uintptr_t *pc)
{
    if (!guest_ram_register(guest_ram_vaddr, GUEST_RAM_BASE, GUEST_RAM_BYTES) || !add_consoles()) {
        return false;
    }
    *pc = linux_setup_images(guest_ram_vaddr, guest_kernel_vaddr, guest_kernel_bytes, (uintptr_t)dtb, GUEST_DTB_DEST,
                             write_device_tree(), guest_initrd_vaddr, GUEST_INITRD, guest_initrd_bytes);
    return *pc != (uintptr_t)-1 && virq_controller_init(GUEST_VCPU_ID) && guest_register_power_handler(on_power, NULL);
}

void init(void)
{
    uintptr_t pc;
    if (!set_up(&pc)) {
        LOG_VMM_ERR("the guest cannot be started\n");
        return;
    }
    guest_start(GUEST_VCPU_ID, pc, GUEST_DTB_DEST, GUEST_INITRD);
}

void notified(microkit_channel ch)
{
    (void)virtio_notified(ch);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    const bool is_handled = fault_handle(child, msginfo);
    run_echo();
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return is_handled;
}
