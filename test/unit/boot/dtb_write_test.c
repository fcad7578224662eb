/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Device trees that the library writes: the library reads in them what it was told to write, and dtc's checks of the
 * same trees are in test_device_tree.py, through main's option.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libfdt.h>

#include <libvmm/arch/aarch64/device_tree.h>
#include <libvmm/pci.h>
#include <libvmm/pl011.h>
#include <libvmm/util/util.h>
#include <libvmm/virtio/rng.h>

#include "boot/dtb_chosen.h"
#include "boot/dtb_cpus.h"
#include "boot/dtb_devices.h"
#include "boot/dtb_gic.h"
#include "boot/dtb_memory.h"
#include "fake_microkit.h"

#define CAPACITY 8192

static _Alignas(8) uint8_t buffer[CAPACITY];
static struct dtb dtb;

static struct linux_device_tree guest_with(unsigned gic_version, size_t vcpu_count)
{
    return (struct linux_device_tree){
        .ram_base = 0x140000000,
        .ram_size_bytes = 0x10000000,
        .vcpu_count = vcpu_count,
        .gic = {.version = (enum virq_controller_version)gic_version,
                .dist_base = 0x8000000,
                .dist_size_bytes = 0x10000,
                .redist_base = 0x80a0000,
                .redist_size_bytes = 0x20000 * vcpu_count,
                .cpu_base = 0x8010000,
                .cpu_size_bytes = 0x2000},
        .initrd_base = 0x145200000,
        .initrd_size_bytes = 0x1234,
        .bootargs = "console=hvc0",
    };
}

static void write_and_open(const struct linux_device_tree *guest)
{
    size_t bytes = linux_device_tree_write(buffer, sizeof buffer, guest);

    assert_int_not_equal(bytes, 0);
    assert_int_equal(dtb_open(buffer, bytes, &dtb), RESULT_OK);
    assert_int_equal(dtb.size_bytes, bytes);
}

static void test_memory_and_cpus(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 16; count++) {
        const struct linux_device_tree guest = guest_with(3, count);
        uint64_t size_bytes;
        struct dtb_cpus cpus;
        write_and_open(&guest);
        assert_int_equal(dtb_memory_size(&dtb, gpa(guest.ram_base), &size_bytes), RESULT_OK);
        assert_int_equal(size_bytes, guest.ram_size_bytes);
        assert_int_equal(dtb_cpus_read(&dtb, 16, &cpus), RESULT_OK);
        assert_int_equal(cpus.count, count);
        assert_int_equal(cpus.affinity[count - 1], count - 1);
        const int psci = fdt_path_offset(buffer, "/psci");
        assert_true(fdt_stringlist_search(buffer, psci, "compatible", "arm,psci-1.0") == 0);
        assert_true(fdt_stringlist_search(buffer, psci, "compatible", "arm,psci-0.2") == 1);
    }
}

static void test_interrupt_controllers(void **state)
{
    (void)state;
    struct linux_device_tree guest = guest_with(2, 4);
    struct vgic_config config;
    write_and_open(&guest);
    assert_int_equal(dtb_gic_find(&dtb, &config), RESULT_OK);
    assert_int_equal(config.version, VGIC_V2);
    assert_int_equal(config.dist_base.value, 0x8000000);
    assert_int_equal(config.cpu_base.value, 0x8010000);
    assert_int_equal(config.cpu_size_bytes, 0x2000);

    guest = guest_with(3, 4);
    write_and_open(&guest);
    assert_int_equal(dtb_gic_find(&dtb, &config), RESULT_OK);
    assert_int_equal(config.version, VGIC_V3);
    assert_int_equal(config.redist_base.value, 0x80a0000);
    assert_int_equal(config.redist_size_bytes, 0x80000);
}

static void test_chosen(void **state)
{
    (void)state;
    struct linux_device_tree guest = guest_with(2, 1);
    struct layout_range initrd = {gpa(guest.initrd_base), guest.initrd_size_bytes};
    const struct layout_range ram = {gpa(guest.ram_base), guest.ram_size_bytes};
    write_and_open(&guest);
    assert_int_equal(dtb_chosen_check_initrd(&dtb, &initrd, &ram), RESULT_OK);
    int chosen = fdt_path_offset(buffer, "/chosen");
    assert_string_equal(fdt_getprop(buffer, chosen, "bootargs", NULL), "console=hvc0");
    assert_null(fdt_getprop(buffer, chosen, "stdout-path", NULL));

    guest.stdout_path = "/serial@9000000";
    write_and_open(&guest);
    chosen = fdt_path_offset(buffer, "/chosen");
    assert_string_equal(fdt_getprop(buffer, chosen, "stdout-path", NULL), "/serial@9000000");

    guest.initrd_size_bytes = 0;
    guest.bootargs = NULL;
    initrd.size_bytes = 0;
    write_and_open(&guest);
    assert_int_equal(dtb_chosen_check_initrd(&dtb, &initrd, &ram), RESULT_OK);
    chosen = fdt_path_offset(buffer, "/chosen");
    assert_null(fdt_getprop(buffer, chosen, "bootargs", NULL));
}

static const void *property(const char *path, const char *name, int *bytes)
{
    const int node = fdt_path_offset(buffer, path);
    assert_true(node >= 0);
    const void *value = fdt_getprop(buffer, node, name, bytes);
    assert_non_null(value);
    return value;
}

/* What Linux looks for, by its bindings. */
static void test_properties(void **state)
{
    (void)state;
    static const char *const texts[][3] = {
        {"/", "compatible", "linux,dummy-virt"},
        {"/", "model", "libvmm guest"},
        {"/cpus/cpu@1", "device_type", "cpu"},
        {"/cpus/cpu@1", "compatible", "arm,armv8"},
        {"/cpus/cpu@1", "enable-method", "psci"},
        {"/psci", "compatible", "arm,psci-1.0"},
        {"/psci", "method", "smc"},
        {"/timer", "compatible", "arm,armv8-timer"},
        {"/timer", "always-on", ""},
        {"/interrupt-controller@8000000", "compatible", "arm,gic-v3"},
        {"/interrupt-controller@8000000", "interrupt-controller", ""},
        {"/interrupt-controller@8000000", "ranges", ""},
    };
    static const struct {
        const char *path;
        const char *name;
        uint32_t value;
    } cells[] = {
        {"/cpus/cpu@1", "reg", 1},
        {"/interrupt-controller@8000000", "#interrupt-cells", 3},
        {"/interrupt-controller@8000000", "#address-cells", 2},
        {"/interrupt-controller@8000000", "#size-cells", 2},
    };
    /* Secure, non-secure, virtual and hypervisor timer: PPIs 13, 14, 11 and 10, high while due. */
    static const uint32_t timers[] = {1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4};
    const struct linux_device_tree guest = guest_with(3, 2);
    int bytes;
    write_and_open(&guest);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = property(texts[i][0], texts[i][1], &bytes);
        assert_true(texts[i][2][0] == 0 ? bytes == 0 : strcmp(text, texts[i][2]) == 0);
    }
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        assert_int_equal(fdt32_ld(property(cells[i].path, cells[i].name, &bytes)), cells[i].value);
        assert_int_equal(bytes, 4);
    }
    const fdt32_t *interrupts = property("/timer", "interrupts", &bytes);
    assert_int_equal(bytes, sizeof timers);
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        assert_int_equal(fdt32_ld(&interrupts[i]), timers[i]);
    }
    const uint32_t gic = fdt32_ld(property("/interrupt-controller@8000000", "phandle", &bytes));
    assert_int_equal(fdt32_ld(property("/", "interrupt-parent", &bytes)), gic);
}

static void test_every_capacity(void **state)
{
    (void)state;
    const struct linux_device_tree guest = guest_with(3, 8);
    const size_t bytes = linux_device_tree_write(buffer, sizeof buffer, &guest);
    assert_in_range(bytes, 1, 4096);
    size_t enough = 0;
    for (size_t capacity = 0; capacity <= bytes + 64; capacity++) {
        memset(buffer, 0xa5, sizeof buffer);
        const size_t written = linux_device_tree_write(buffer, capacity, &guest);
        assert_true(written == 0 || written == bytes);
        assert_true(written != 0 || enough == 0);
        enough += written != 0;
        for (size_t i = capacity; i < bytes + 128; i++) {
            assert_int_equal(buffer[i], 0xa5);
        }
    }
    assert_int_not_equal(enough, 0);
    assert_true(fake_log_has("device tree does not fit into 0x0 bytes"));
}

static void expect_refused(const struct linux_device_tree *guest, const char *message)
{
    fake_microkit_reset();
    assert_int_equal(linux_device_tree_write(buffer, sizeof buffer, guest), 0);
    assert_true(fake_log_has(message));
}

static void test_bad_numbers(void **state)
{
    (void)state;
    struct linux_device_tree guest = guest_with(2, 0);
    expect_refused(&guest, "device tree with 0 CPUs: should be 1 to 8");
    guest = guest_with(2, 9);
    expect_refused(&guest, "device tree with 9 CPUs: should be 1 to 8");
    guest = guest_with(4, 1);
    expect_refused(&guest, "device tree with a GICv4: should be 2 or 3");
    guest = guest_with(2, 1);
    guest.ram_size_bytes = 0;
    expect_refused(&guest, "device tree with 0x0 bytes of memory at 0x140000000");
    guest.ram_size_bytes = UINT64_MAX;
    expect_refused(&guest, "device tree with 0xffffffffffffffff bytes of memory");
    guest = guest_with(2, 1);
    guest.initrd_base = UINT64_MAX;
    expect_refused(&guest, "an initial RAM disk of 0x1234 bytes at 0xffffffffffffffff");
}

/* A PCI host bridge with a frame for messages; a device beside it, and a serial port. */
static bool add_devices(void)
{
    static struct pci_host host;
    static struct virtio_rng rng;
    static struct pl011 uart;
    const struct pl011_line line = {NULL, NULL, NULL};
    const struct pci_host_config config = {
        .ecam_base = 0x10000000,
        .window_base = 0x11000000,
        .window_size_bytes = 0x1000000,
        .window64_base = 0x800000000,
        .window64_size_bytes = 0x1000000,
        .irqs = {35, 36, 37, 38},
        .msi_base = 0x8020000,
        .msi_irq_first = 80,
        .msi_irq_count = 64,
    };
    uint64_t bytes;
    return pci_host_init(&host, &config) && virtio_rng_init(&rng, virtio_at_mmio(0xa000000, 48), NULL, NULL) &&
           pl011_init(&uart, 0x9000000, 33, &line) && dtb_devices_size(vm_instance(), &dtb, &bytes) == RESULT_OK &&
           dtb.size_bytes + bytes <= sizeof buffer &&
           dtb_devices_add(vm_instance(), buffer, dtb.size_bytes + bytes) == RESULT_OK;
}

static void assert_cells(const char *path, const char *name, const uint32_t *values, size_t count)
{
    int bytes;
    const fdt32_t *cells = property(path, name, &bytes);
    assert_int_equal(bytes, count * sizeof *cells);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(fdt32_ld(&cells[i]), values[i]);
    }
}

static uint32_t cell(const char *path, const char *name)
{
    int bytes;
    return fdt32_ld(property(path, name, &bytes));
}

/* What the devices add, by Linux's bindings. The size that was asked for is enough, to the byte. */
static void test_devices(void **state)
{
    (void)state;
    const char *const gic = "/interrupt-controller@8000000", *const frame = "/interrupt-controller@8000000/v2m@8020000";
    const char *const pcie = "/pcie@10000000", *const serial = "/serial@9000000", *const clock = "/clock-9000000";
    const uint32_t ranges[] = {0x02000000, 0, 0x11000000, 0, 0x11000000, 0, 0x1000000,
                               0x03000000, 8, 0,          8, 0,          0, 0x1000000};
    const uint32_t mask[] = {0x1800, 0, 0, 7};
    const struct linux_device_tree guest = guest_with(2, 1);
    int bytes;
    vm_forget(vm_instance());
    fake_microkit_reset();
    write_and_open(&guest);
    assert_true(add_devices());

    assert_string_equal(property(frame, "compatible", &bytes), "arm,gic-v2m-frame");
    (void)property(frame, "msi-controller", &bytes);
    assert_cells(frame, "reg", (const uint32_t[]){0, 0x8020000, 0, 0x1000}, 4);
    assert_int_equal(cell(pcie, "msi-parent"), cell(frame, "phandle"));

    assert_string_equal(property(pcie, "compatible", &bytes), "pci-host-ecam-generic");
    assert_string_equal(property(pcie, "device_type", &bytes), "pci");
    assert_cells(pcie, "reg", (const uint32_t[]){0, 0x10000000, 0, 0x100000}, 4);
    assert_cells(pcie, "bus-range", (const uint32_t[]){0, 0}, 2);
    assert_cells(pcie, "#address-cells", (const uint32_t[]){3}, 1);
    assert_cells(pcie, "#size-cells", (const uint32_t[]){2}, 1);
    assert_cells(pcie, "#interrupt-cells", (const uint32_t[]){1}, 1);
    assert_cells(pcie, "ranges", ranges, ARRAY_SIZE(ranges));
    assert_cells(pcie, "interrupt-map-mask", mask, ARRAY_SIZE(mask));
    (void)property(pcie, "dma-coherent", &bytes);

    /* Slot s, pin p (from 1): line (s + p - 1) modulo 4. An entry: slot, 0, 0, pin, GIC, 0, 0, SPI, number, level. */
    uint32_t map[16 * 10];
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t slot = i / 4, pin = i % 4 + 1;
        const uint32_t entry[10] = {slot << 11, 0, 0, pin, cell(gic, "phandle"), 0, 0, 0, 3 + (slot + pin - 1) % 4, 4};
        memcpy(&map[i * 10], entry, sizeof entry);
    }
    assert_cells(pcie, "interrupt-map", map, ARRAY_SIZE(map));

    assert_string_equal(property(clock, "compatible", &bytes), "fixed-clock");
    assert_cells(clock, "#clock-cells", (const uint32_t[]){0}, 1);
    assert_int_not_equal(cell(clock, "clock-frequency"), 0);
    assert_string_equal(property(serial, "compatible", &bytes), "arm,pl011");
    assert_int_equal(bytes, sizeof "arm,pl011\0arm,primecell");
    assert_cells(serial, "reg", (const uint32_t[]){0, 0x9000000, 0, 0x1000}, 4);
    assert_cells(serial, "interrupts", (const uint32_t[]){0, 1, 4}, 3);
    const uint32_t clocks = cell(clock, "phandle");
    assert_cells(serial, "clocks", (const uint32_t[]){clocks, clocks}, 2);
    assert_string_equal(property(serial, "clock-names", &bytes), "uartclk");
    assert_int_equal(bytes, sizeof "uartclk\0apb_pclk");
    assert_string_equal(property("/virtio_mmio@a000000", "compatible", &bytes), "virtio,mmio");
    assert_cells("/virtio_mmio@a000000", "interrupts", (const uint32_t[]){0, 16, 4}, 3);
}

/* Writes the device tree of a guest with four vCPUs and devices to a file. */
static int write_file(const char *path, unsigned gic_version)
{
    const struct linux_device_tree guest = guest_with(gic_version, 4);
    const size_t written = linux_device_tree_write(buffer, sizeof buffer, &guest);
    FILE *file = fopen(path, "wb");

    if (file == NULL || written == 0 || dtb_open(buffer, written, &dtb) != RESULT_OK || !add_devices()) {
        return 1;
    }
    const size_t bytes = fdt_totalsize(buffer);
    return fwrite(buffer, 1, bytes, file) != bytes || fclose(file) != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_and_cpus), cmocka_unit_test(test_interrupt_controllers),
        cmocka_unit_test(test_chosen),          cmocka_unit_test(test_every_capacity),
        cmocka_unit_test(test_bad_numbers),     cmocka_unit_test(test_properties),
        cmocka_unit_test(test_devices),
    };
    if (argc == 3) {
        return write_file(argv[1], (unsigned)(argv[2][0] - '0'));
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
