/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Two entropy devices on an emulated PCI bus: configuration space, BARs moved about, common configuration, messages to
 * anywhere, and queues in memory that is scribbled over. Interrupts are only those of the bus and of its frame.
 */
#include "machine.h"

#include <string.h>

#include <libvmm/pci.h>
#include <libvmm/virtio/rng.h>

#include "devices/pci/pci_host.h"
#include "virtio_driver.h"
#include "virtio_harness.h"

#define STEP_COUNT_MAX 300
#define ECAM           UINT64_C(0x30000000)
#define WINDOW         UINT64_C(0x10000000)
#define WINDOW_BYTES   0x40000u
#define RAM_BYTES      VIRTIO_HARNESS_RAM_BYTES
#define GUARD_BYTES    0x1000
#define FRAME          UINT64_C(0x20000000)
#define SETSPI         (FRAME + 0x40)
#define SPI            80
#define SPI_COUNT      8
#define LINE           60
#define TABLE          0x4000u

static struct pci_host host;
static struct virtio_rng devices[2];

static size_t source(void *cookie, uint8_t *to, size_t bytes)
{
    (void)cookie;
    memset(to, 0x5a, bytes);
    return bytes;
}

static void init(void)
{
    const struct pci_host_config config = {
        .ecam_base = ECAM,
        .window_base = WINDOW,
        .window_size_bytes = WINDOW_BYTES,
        .irqs = {LINE, LINE + 1, LINE + 2, LINE + 3},
        .msi_base = FRAME,
        .msi_irq_first = SPI,
        .msi_irq_count = SPI_COUNT,
    };
    MACHINE_REQUIRE(pci_host_init(&host, &config));
    MACHINE_REQUIRE(virtio_rng_init(&devices[0], virtio_at_pci(&host, 1, 0), source, NULL));
    MACHINE_REQUIRE(virtio_rng_init(&devices[1], virtio_at_pci(&host, 1, 1), source, NULL));
}

static void access_at(struct input *input, uint64_t at)
{
    const uint8_t form = input_u8(input);
    struct mmio_access access = {.width_bytes = (uint8_t)(1 << (form & 3)), .is_write = (form & 4) != 0};
    access.value = input_value(input);
    const enum mmio_result result = mmio_dispatch(&vm_instance()->mmio, gpa(at), &access);
    MACHINE_REQUIRE(result != MMIO_MOVED);
}

/* Functions 0 and 1 of slot 1, mostly. */
static void access_config(struct input *input)
{
    const uint8_t where = input_u8(input);
    const uint64_t function = where < 0xf0 ? 8 + (where & 1u) : where;
    access_at(input, ECAM + (function << 12) + input_u8(input));
}

static void access_window(struct input *input)
{
    const uint8_t page = input_u8(input);
    access_at(input, WINDOW + (page & 7u) * 0x1000u + (page & 0x80u) + (input_u8(input) & 0x7fu));
}

/* A BAR at the start of the window, memory on: what lets the rest be reached. */
static void place_bar(struct input *input)
{
    const uint64_t function = ECAM + (UINT64_C(8) << 12) + ((input_u8(input) & 1u) << 12);
    static const uint32_t values[][2] = {{0x10, WINDOW}, {0x14, 0},      {0x18, WINDOW},
                                         {0x1c, 0},      {0x20, WINDOW}, {0x24, 0}};
    for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
        struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = values[i][1]};
        (void)mmio_dispatch(&vm_instance()->mmio, gpa(function + values[i][0]), &access);
    }
    struct mmio_access command = {.width_bytes = 2, .is_write = true, .value = 6};
    (void)mmio_dispatch(&vm_instance()->mmio, gpa(function + 4), &command);
}

/* The common configuration [VIRTIO 4.1.4.3], at the start of the BAR. */
static void put(uint64_t offset, uint8_t width_bytes, uint64_t value)
{
    struct mmio_access access = {.width_bytes = width_bytes, .is_write = true, .value = value};
    (void)mmio_dispatch(&vm_instance()->mmio, gpa(WINDOW + offset), &access);
}

/* What a driver of good will does. */
static void start_driver(struct input *input)
{
    place_bar(input);
    put(20, 1, 0);
    put(20, 1, 3);
    put(8, 4, 1);
    put(12, 4, 1);
    put(20, 1, 0xb);
    put(22, 2, 0);
    put(24, 2, 8);
    put(32, 4, FAKE_RAM_BASE);
    put(40, 4, FAKE_RAM_BASE + 0x100);
    put(48, 4, FAKE_RAM_BASE + 0x200);
    put(28, 2, 1);
    put(20, 1, 0xf);
}

/* The capability of MSI-X, found as software does. */
static uint64_t find_msix(uint64_t function)
{
    uint64_t at = 0x34;
    for (unsigned i = 0; i < 16; i++) {
        struct mmio_access next = {.width_bytes = 1};
        (void)mmio_dispatch(&vm_instance()->mmio, gpa(function + at), &next);
        struct mmio_access id = {.width_bytes = 1};
        (void)mmio_dispatch(&vm_instance()->mmio, gpa(function + next.value), &id);
        if (id.value == 0x11) {
            return function + next.value;
        }
        at = next.value + 1;
    }
    MACHINE_REQUIRE(false);
    return 0;
}

/* A message: mostly around the frame's. */
static uint64_t any_message(struct input *input)
{
    const uint8_t near = input_u8(input);
    return near < 0xc0 ? SPI - SPI_COUNT + near % (3 * SPI_COUNT) : input_value(input);
}

/* Vectors with messages, of good will or not; MSI-X on. */
static void start_messages(struct input *input)
{
    const uint8_t form = input_u8(input);
    const uint64_t function = ECAM + (UINT64_C(8) << 12) + ((form & 1u) << 12);
    for (unsigned i = 0; i < 2; i++) {
        put(TABLE + 16 * i, 8, (form & 2) != 0 ? input_value(input) : SETSPI);
        put(TABLE + 16 * i + 8, 4, (form & 4) != 0 ? any_message(input) : SPI + i);
        put(TABLE + 16 * i + 12, 4, (form >> 3 & 1) & i);
    }
    put(16, 2, 0);
    put(22, 2, 0);
    put(26, 2, 1);
    struct mmio_access control = {.width_bytes = 2, .is_write = true, .value = (form & 0xc0u) << 8};
    (void)mmio_dispatch(&vm_instance()->mmio, gpa(find_msix(function) + 2), &control);
}

static void notify(struct input *input)
{
    (void)input;
    put(0x3000, 2, 0);
}

static void access_frame(struct input *input)
{
    const uint8_t where = input_u8(input);
    if ((where & 1) != 0) {
        struct mmio_access access = {.width_bytes = 4, .is_write = true, .value = any_message(input)};
        (void)mmio_dispatch(&vm_instance()->mmio, gpa(SETSPI), &access);
        return;
    }
    access_at(input, FRAME + (where < 0x80 ? where : 0xf00u + where));
}

static void scribble(struct input *input)
{
    const uint16_t at = input_u16(input);
    for (unsigned i = 0; i < 4; i++) {
        *fake_ram_at(FAKE_RAM_BASE + (at + i) % RAM_BYTES) = input_u8(input);
    }
}

static void reset(struct input *input)
{
    (void)input;
    virq_reset(vm_instance());
    device_reset_all(vm_instance());
}

/* Lines are what functions without MSI-X make them; nothing else is raised but by the frame. */
static void check(void)
{
    const struct pci_bridge *bridge = pci_bridge_of(&host);
    bool lines[PCI_LINE_COUNT] = {false};
    for (size_t i = 0; i < bridge->function_count; i++) {
        const struct pci_function *function = &bridge->functions[i];
        const bool is_disabled = (pci_config_read(&function->config, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE) != 0;
        lines[function->line] |= function->is_asserting && !is_disabled && !function->msix.is_enabled;
        MACHINE_REQUIRE(function->msix.pending >> function->msix.vector_count == 0);
    }
    for (uint32_t irq = 32; irq < VGIC_IRQ_COUNT; irq++) {
        const struct vgic_word *word = &vm_instance()->vgic.shared[irq / 32];
        const uint32_t bit = UINT32_C(1) << irq % 32;
        const bool is_line = irq >= LINE && irq < LINE + PCI_LINE_COUNT;
        MACHINE_REQUIRE(((word->line & bit) != 0) == (is_line && lines[irq - LINE]));
        MACHINE_REQUIRE((word->latched & bit) == 0 || (irq >= SPI && irq < SPI + SPI_COUNT));
    }
}

typedef void (*step_t)(struct input *input);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const step_t steps[] = {access_config, access_window,  access_window, access_window, place_bar,
                                   scribble,      start_driver,   access_window, access_config, virtio_harness_race,
                                   notify,        start_messages, access_frame};
    static const uint8_t zeros[GUARD_BYTES];
    struct input input = {bytes, size};
    machine_start(&(struct input){0});
    vm_instance()->reload = NULL; /* devices come before images, and this guest has none */
    fake_ram_reset_to(RAM_BYTES);
    init();
    for (unsigned i = 0; i < STEP_COUNT_MAX && !input_is_empty(&input); i++) {
        const uint8_t what = input_u8(&input);
        (what == 0xff ? reset : steps[what % ARRAY_SIZE(steps)])(&input);
    }
    check();
    MACHINE_REQUIRE(memcmp(fake_ram_at(FAKE_RAM_BASE + RAM_BYTES), zeros, sizeof zeros) == 0);
    return 0;
}
