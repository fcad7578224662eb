/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Reading device trees: what is malformed is refused without a crash, reg and ranges are read as the specification
 * says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot/dtb.h"
#include "dtb_builder.h"
#include "fake_microkit.h"

static struct builder b;
static struct dtb dtb;

/* Ends the tree and opens it. */
static void open_tree(void)
{
    size_t size = builder_finish(&b);

    fake_microkit_reset();
    assert_int_equal(dtb_open(b.blob, size, &dtb), RESULT_OK);
    assert_int_equal(dtb.size_bytes, size);
}

static int node_at(const char *path)
{
    int node = fdt_path_offset(dtb.blob, path);

    assert_true(node >= 0);
    return node;
}

static size_t small_tree(void)
{
    builder_begin(&b);
    builder_node(&b, "soc");
    builder_string(&b, "compatible", "simple-bus");
    builder_end(&b);
    fake_microkit_reset();
    return builder_finish(&b);
}

static void expect_invalid(const void *blob, uint64_t bytes, const char *message)
{
    assert_int_equal(dtb_open(blob, bytes, &dtb), RESULT_INVALID);
    assert_int_equal(fake_log_count("|ERROR: device tree"), 1);
    assert_true(fake_log_has(message));
    fake_microkit_reset();
}

static void test_open_good(void **state)
{
    (void)state;
    size_t size = small_tree();

    assert_int_equal(dtb_claimed_bytes(b.blob, size), size);
    assert_int_equal(dtb_open(b.blob, size, &dtb), RESULT_OK);
    assert_ptr_equal(dtb.blob, b.blob);
    assert_int_equal(dtb_open(b.blob, sizeof b.blob, &dtb), RESULT_OK);
    assert_int_equal(dtb.size_bytes, size);
    assert_int_equal(fake.log_bytes, 0);
}

static void test_open_every_length_too_short(void **state)
{
    (void)state;
    size_t size = small_tree();

    for (size_t bytes = 0; bytes < size; bytes++) {
        void *exact = malloc(bytes == 0 ? 1 : bytes); /* so that the sanitizer sees a read behind the end */
        memcpy(exact, b.blob, bytes);
        expect_invalid(exact, bytes, bytes < sizeof(struct fdt_header) ? "magic number" : "dtb_size is");
        free(exact);
    }
}

static void test_open_bad_header(void **state)
{
    (void)state;
    size_t size = small_tree();

    fdt_set_magic(b.blob, FDT_MAGIC + 1);
    expect_invalid(b.blob, size, "magic number 0xd00dfeed");
    size = small_tree();
    fdt_set_version(b.blob, 15);
    expect_invalid(b.blob, size, "version 15");
    size = small_tree();
    fdt_set_off_mem_rsvmap(b.blob, fdt_off_mem_rsvmap(b.blob) + 4);
    expect_invalid(b.blob, size, "reservations at");
    size = small_tree();
    fdt_set_off_dt_struct(b.blob, fdt_off_dt_struct(b.blob) + 2);
    expect_invalid(b.blob, size, "structure at");
    size = small_tree();
    fdt_set_off_dt_strings(b.blob, UINT32_MAX);
    expect_invalid(b.blob, size, "libfdt says");
    size = small_tree();
    fdt_set_totalsize(b.blob, 0);
    expect_invalid(b.blob, size, "magic number");
}

/* Whatever single byte is damaged: an error or a readable tree, never a crash. */
static void test_open_every_byte_damaged(void **state)
{
    (void)state;
    static const uint8_t values[] = {0, 1, 3, 4, 9, 0x7f, 0x80, 0xff};
    size_t size = small_tree();
    struct builder *damaged = malloc(sizeof *damaged);

    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            struct dtb_reg reg;
            memcpy(damaged->blob, b.blob, size);
            damaged->blob[at] = (char)values[i];
            fake_microkit_reset();
            if (dtb_open(damaged->blob, size, &dtb) == RESULT_OK) {
                int node = fdt_path_offset(dtb.blob, "/soc");
                assert_true(dtb_read_guest_reg(&dtb, node < 0 ? 0 : node, 0, &reg) != RESULT_OK);
            }
        }
    }
    free(damaged);
}

/* A property whose length overflows leads back to where the walk has been: it must end all the same. */
static void test_open_length_that_leads_back(void **state)
{
    (void)state;
    for (uint32_t back = 4; back <= 64; back += 4) {
        size_t size = small_tree();
        const int soc = fdt_path_offset(b.blob, "/soc");
        const int property = fdt_first_property_offset(b.blob, soc);
        const fdt32_t length = cpu_to_fdt32(-back);
        memcpy(b.blob + fdt_off_dt_struct(b.blob) + (size_t)property + 4, &length, sizeof length);
        expect_invalid(b.blob, size, "libfdt says");
    }
}

static void test_availability(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *status;
        bool is_available;
    } cases[] = {{"a", "okay", true},  {"b", "ok", true}, {"c", "disabled", false},
                 {"d", "fail", false}, {"e", "", false},  {"f", NULL, true}};
    char path[] = "/x";

    builder_begin(&b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        builder_node(&b, cases[i].name);
        if (cases[i].status != NULL) {
            builder_string(&b, "status", cases[i].status);
        }
        builder_end(&b);
    }
    open_tree();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        path[1] = cases[i].name[0];
        assert_int_equal(dtb_is_available(&dtb, node_at(path)), cases[i].is_available);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    uint64_t value;

    builder_begin(&b);
    builder_u32(&b, "one", 0x89abcdef);
    builder_u64(&b, "two", UINT64_C(0x0123456789abcdef));
    BUILDER_CELLS(&b, "three", 1, 2, 3);
    builder_bytes(&b, "none", "", 0);
    builder_bytes(&b, "odd", "12345", 5);
    open_tree();
    assert_int_equal(dtb_read_number(&dtb, 0, "one", &value), RESULT_OK);
    assert_int_equal(value, 0x89abcdef);
    assert_int_equal(dtb_read_number(&dtb, 0, "two", &value), RESULT_OK);
    assert_int_equal(value, UINT64_C(0x0123456789abcdef));
    assert_int_equal(dtb_read_number(&dtb, 0, "absent", &value), RESULT_RANGE);
    assert_int_equal(fake.log_bytes, 0);
    assert_int_equal(dtb_read_number(&dtb, 0, "three", &value), RESULT_INVALID);
    assert_true(fake_log_has("three of node  has 3 cells"));
    assert_int_equal(dtb_read_number(&dtb, 0, "none", &value), RESULT_INVALID);
    assert_int_equal(dtb_read_number(&dtb, 0, "odd", &value), RESULT_INVALID);
    assert_true(fake_log_has("5 bytes, which is not a multiple of 4"));
}

static void test_reg_with_every_cell_count(void **state)
{
    (void)state;
    for (uint32_t address = 0; address <= 2; address++) {
        for (uint32_t size = 0; size <= 2; size++) {
            uint32_t cells[8];
            struct dtb_reg reg;
            uint32_t entry = address + size;
            for (uint32_t i = 0; i < 8; i++) {
                cells[i] = i + 1;
            }
            builder_begin(&b);
            builder_address_cells(&b, address, size);
            builder_node(&b, "device");
            builder_cells(&b, "reg", cells, 2 * (size_t)entry);
            builder_end(&b);
            open_tree();
            int node = node_at("/device");
            if (entry == 0) {
                assert_int_equal(dtb_read_reg(&dtb, node, 0, &reg), RESULT_INVALID);
                continue;
            }
            assert_int_equal(dtb_read_reg(&dtb, node, 1, &reg), RESULT_OK);
            uint64_t first = entry + 1;
            assert_int_equal(reg.base, address == 0 ? 0 : address == 1 ? first : first << 32 | (first + 1));
            first += address;
            assert_int_equal(reg.size_bytes, size == 0 ? 0 : size == 1 ? first : first << 32 | (first + 1));
            assert_int_equal(dtb_read_reg(&dtb, node, 2, &reg), RESULT_RANGE);
            assert_int_equal(dtb_read_reg(&dtb, node, SIZE_MAX, &reg), RESULT_RANGE);
        }
    }
}

static void test_reg_malformed(void **state)
{
    (void)state;
    struct dtb_reg reg;

    builder_begin(&b);
    builder_node(&b, "defaults"); /* two cells for an address, one for a size */
    BUILDER_CELLS(&b, "reg", 1, 2, 3, 4);
    builder_end(&b);
    builder_node(&b, "bus");
    builder_address_cells(&b, 3, 1);
    builder_node(&b, "device");
    BUILDER_CELLS(&b, "reg", 1, 2, 3, 4);
    builder_end(&b);
    builder_end(&b);
    builder_node(&b, "wide");
    builder_u64(&b, "#address-cells", 1);
    builder_node(&b, "device");
    BUILDER_CELLS(&b, "reg", 1, 2);
    builder_end(&b);
    builder_end(&b);
    open_tree();
    assert_int_equal(dtb_read_reg(&dtb, node_at("/defaults"), 0, &reg), RESULT_INVALID);
    assert_true(fake_log_has("reg of node defaults has 4 cells: should be a multiple of 3"));
    assert_int_equal(dtb_read_reg(&dtb, node_at("/bus/device"), 0, &reg), RESULT_INVALID);
    assert_true(fake_log_has("#address-cells of node bus"));
    assert_int_equal(dtb_read_reg(&dtb, node_at("/wide/device"), 0, &reg), RESULT_INVALID);
    assert_true(fake_log_has("#address-cells of node wide"));
    assert_int_equal(dtb_read_reg(&dtb, node_at("/bus"), 0, &reg), RESULT_RANGE);
    assert_int_equal(dtb_read_reg(&dtb, 0, 0, &reg), RESULT_RANGE);
}

/* A device two buses deep: /a has an offset, /a/b is the identity, /a/c has two windows, /a/d does not translate. */
static void build_buses(void)
{
    builder_begin(&b);
    builder_address_cells(&b, 2, 2);
    builder_node(&b, "a");
    builder_address_cells(&b, 1, 1);
    BUILDER_CELLS(&b, "ranges", 0x1000, 1, 0x80000000, 0x10000);
    for (const char *name = "bcde"; *name != '\0'; name++) {
        const char bus[] = {*name, '\0'};
        builder_node(&b, bus);
        builder_address_cells(&b, 1, 1);
        if (*name == 'b') {
            builder_bytes(&b, "ranges", "", 0);
        } else if (*name == 'c') {
            BUILDER_CELLS(&b, "ranges", 0, 0x1000, 0x100, 0x2000, 0x9000, 0x100);
        } else if (*name == 'e') {
            BUILDER_CELLS(&b, "ranges", 0, 0x1000, 0x100, 0x2000);
        }
        builder_node(&b, "device");
        BUILDER_CELLS(&b, "reg", 0x2000, 0x100, 0x2000, 0x101);
        builder_end(&b);
        builder_end(&b);
    }
    builder_end(&b);
    open_tree();
}

static void test_translation(void **state)
{
    (void)state;
    struct dtb_reg reg;

    build_buses();
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at("/a/b/device"), 0, &reg), RESULT_OK);
    assert_int_equal(reg.base, UINT64_C(0x180001000));
    assert_int_equal(reg.size_bytes, 0x100);
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at("/a/c/device"), 0, &reg), RESULT_OK);
    assert_int_equal(reg.base, UINT64_C(0x180008000));
    assert_int_equal(fake.log_bytes, 0);
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at("/a/c/device"), 1, &reg), RESULT_INVALID);
    assert_true(fake_log_has("reg 0x2000 of node device cannot be translated by the ranges of node c"));
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at("/a/d/device"), 0, &reg), RESULT_INVALID);
    assert_true(fake_log_has("ranges of node d"));
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at("/a/e/device"), 0, &reg), RESULT_INVALID);
    assert_true(fake_log_has("ranges of node e has 4 cells: should be a multiple of 3"));
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at("/a/b/device"), 2, &reg), RESULT_RANGE);
}

static void test_translation_depth(void **state)
{
    (void)state;
    struct dtb_reg reg;
    const int buses = 20;
    char path[64] = "";

    builder_begin(&b);
    builder_address_cells(&b, 1, 1);
    for (int i = 0; i < buses; i++) {
        builder_node(&b, "x");
        builder_address_cells(&b, 1, 1);
        builder_bytes(&b, "ranges", "", 0);
        BUILDER_CELLS(&b, "reg", 5, 6);
        strcat(path, "/x");
        if (i == 16) {
            strcat(path, "\n"); /* marks the deepest that is translated */
        }
    }
    for (int i = 0; i < buses; i++) {
        builder_end(&b);
    }
    open_tree();
    char *mark = strchr(path, '\n');
    *mark = '\0';
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at(path), 0, &reg), RESULT_OK);
    strcpy(mark, "/x");
    assert_int_equal(dtb_read_guest_reg(&dtb, node_at(path), 0, &reg), RESULT_INVALID);
}

static void test_node_name(void **state)
{
    (void)state;
    small_tree();
    assert_int_equal(dtb_open(b.blob, sizeof b.blob, &dtb), RESULT_OK);
    assert_string_equal(dtb_node_name(&dtb, node_at("/soc")), "soc");
    assert_string_equal(dtb_node_name(&dtb, -1), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_good),
        cmocka_unit_test(test_open_every_length_too_short),
        cmocka_unit_test(test_open_bad_header),
        cmocka_unit_test(test_open_every_byte_damaged),
        cmocka_unit_test(test_open_length_that_leads_back),
        cmocka_unit_test(test_availability),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_reg_with_every_cell_count),
        cmocka_unit_test(test_reg_malformed),
        cmocka_unit_test(test_translation),
        cmocka_unit_test(test_translation_depth),
        cmocka_unit_test(test_node_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
