/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The stub, asked by packets; the guest is the fake Microkit's, with programs of a few instructions in its RAM.
 */
#include "fixture.h"

#include <libvmm/gdb.h>
#include <libvmm/guest.h>
#include <libvmm/util/util.h>

#include "aarch64/debug/breakpoint.h"
#include "aarch64/exit/psci.h"
#include "aarch64/exit/psr.h"
#include "debug/gdb_stub.h"
#include "virtio_driver.h"

#include <stdio.h>

#define ENTRY   (FAKE_RAM_BASE + 0x1000)
#define VECTORS (FAKE_RAM_BASE + 0x4000)
#define VA_BASE UINT64_C(0xffff800008000000)

#define NOP   0xd503201fu
#define ERET  0xd69f03e0u
#define B_DOT 0x14000000u /* b . */

static struct {
    struct gdb gdb;
    char to_stub[8192];
    size_t given, length;
    char from_stub[8192];
    size_t got;
    size_t room; /* characters that the line takes */
} t;

static size_t transmit(void *cookie, const uint8_t *bytes, size_t count)
{
    (void)cookie;
    const size_t taken = MIN(count, t.room);
    assert_true(t.got + taken < sizeof t.from_stub);
    memcpy(&t.from_stub[t.got], bytes, taken);
    t.got += taken;
    t.from_stub[t.got] = '\0';
    t.room -= taken;
    return taken;
}

static size_t receive(void *cookie, uint8_t *bytes, size_t count_max)
{
    (void)cookie;
    const size_t count = MIN(count_max, t.length - t.given);
    memcpy(bytes, &t.to_stub[t.given], count);
    t.given += count;
    return count;
}

/* Types characters; what the stub has sent so far is forgotten. */
static void type(const char *text, size_t length)
{
    memcpy(t.to_stub, text, length);
    t.given = 0;
    t.length = length;
    t.got = 0;
    t.from_stub[0] = '\0';
    gdb_poll(&t.gdb);
}

static void frame(char *packet, size_t size, const char *data)
{
    uint8_t sum = 0;
    for (const char *at = data; *at != '\0'; at++) {
        sum = (uint8_t)(sum + (uint8_t)*at);
    }
    snprintf(packet, size, "$%s#%02x", data, sum);
}

/* A request; the answer has to be this one, or nothing, with NULL, but the acknowledgement. */
static void ask(const char *data, const char *answer)
{
    char packet[4200], wanted[4200];
    frame(packet, sizeof packet, data);
    type(packet, strlen(packet));
    wanted[0] = '+';
    wanted[1] = '\0';
    if (answer != NULL) {
        frame(wanted + 1, sizeof wanted - 1, answer);
    }
    assert_string_equal(t.from_stub, wanted);
}

/* Text as `monitor` and its answers have it. */
static const char *hex(const char *prefix, const char *text)
{
    static char buffer[2][4096];
    static unsigned which;
    char *out = buffer[which++ % 2];
    size_t at = (size_t)snprintf(out, sizeof buffer[0], "%s", prefix);
    for (; *text != '\0'; text++) {
        at += (size_t)snprintf(out + at, sizeof buffer[0] - at, "%02x", (unsigned char)*text);
    }
    return out;
}

static void monitor(const char *command, const char *answer)
{
    ask(hex("qRcmd,", command), strcmp(answer, "OK") == 0 ? answer : hex("", answer));
}

static void put(uint64_t at, uint32_t instruction)
{
    memcpy(fake_ram_at(at), &instruction, 4);
}

static uint32_t word(uint64_t at)
{
    uint32_t value;
    memcpy(&value, fake_ram_at(at), 4);
    return value;
}

static bool is_patched(uint64_t at)
{
    return word(at) == BREAKPOINT_INSTRUCTION;
}

static void init(bool waits)
{
    const struct gdb_line line = {.transmit = transmit, .receive = receive};
    memset(&t, 0, sizeof t);
    t.room = SIZE_MAX;
    assert_true(gdb_init(&t.gdb, &line, waits));
}

/* A guest of two vCPUs, the first of which is held at its entry point, with the MMU off. */
static int setup(void **state)
{
    fixture_setup(state);
    vm_vcpu(vm_instance(), 0)->state = VCPU_OFF;
    vgic_set_vcpu_on(&vm_instance()->vgic, 0, false);
    fake.vcpus[0].running = false;
    fake_ram_reset();
    fake_vtimer_wakes = 1;
    init(true);
    for (uint64_t at = ENTRY; at < ENTRY + 0x100; at += 4) {
        put(at, NOP);
    }
    assert_true(guest_start(0, ENTRY, FAKE_RAM_BASE, 0));
    fake.vcpus[0].regs[seL4_VCPUReg_VBAR] = VECTORS;
    fake.vcpus[0].context.spsr = FIXTURE_EL1H & ~PSR_DAIF;
    assert_false(fake.vcpus[0].running);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_vtimer_wakes = 0;
    return 0;
}

/* The vCPU comes to an address where a breakpoint is. */
static void hit(size_t vcpu_id, uint64_t pc)
{
    assert_true(fake.vcpus[vcpu_id].running);
    t.got = 0;
    t.from_stub[0] = '\0';
    const microkit_msginfo message =
        fake_vcpu_fault(vcpu_id, pc, field_make(ESR_EC, ESR_EC_SMC64) | ESR_IL | BREAKPOINT_IMMEDIATE);
    assert_false(fault_handle(vcpu_id, message));
}

static void assert_stopped(const char *why)
{
    char wanted[64];
    frame(wanted, sizeof wanted, why);
    assert_string_equal(t.from_stub, wanted);
    assert_false(fake.vcpus[0].running || fake.vcpus[1].running);
}

static void test_packets(void **state)
{
    (void)state;
    ask("qSupported:multiprocess+", "PacketSize=800;qXfer:features:read+;vContSupported+");
    ask("vMustReplyEmpty", "");
    ask("X0,0:", "");
    type("$?#00", 5); /* a wrong checksum */
    assert_string_equal(t.from_stub, "-");
    type("$?#zz", 5);
    assert_string_equal(t.from_stub, "-");
    type("noise$qAt$qAttached#8f", 22);
    assert_string_equal(t.from_stub, "+$1#31");
    type("-", 1);
    assert_string_equal(t.from_stub, "$1#31");
    /* Piecemeal, and answered piecemeal. */
    t.room = 2;
    type("$qAttac", 7);
    type("hed#8f", 6);
    assert_string_equal(t.from_stub, "+$");
    t.room = 100;
    gdb_poll(&t.gdb);
    assert_string_equal(t.from_stub, "+$1#31");
    /* Longer than there is room for. */
    static char flood[5000];
    memset(flood, 'm', sizeof flood);
    flood[0] = '$';
    type(flood, sizeof flood);
    type("#00", 3);
    assert_string_equal(t.from_stub, "-");
    ask("qAttached", "1");
}

static void test_first_instruction(void **state)
{
    (void)state;
    ask("?", "T05thread:1;");
    ask("qfThreadInfo", "m1");
    ask("qsThreadInfo", "l");
    ask("qC", "QC1");
    ask("qCRC:0,4", "");
    ask("qThreadExtraInfo,1", hex("", "vCPU 0"));
    ask("p20", "0010004000000000"); /* the PC */
    ask("T1", "OK");
    ask("T2", "E16");
    ask("Hg2", "OK");
    ask("Hg3", "E16");
    ask("Hg0", "OK");
    ask("vCont;c", NULL);
    assert_true(fake.vcpus[0].running);
    ask("g", "E01");
    ask("p20", "E16");
    ask("M40001000,1:00", "E16");
    ask("Z0,40001000,4", "E16");
    ask("vCont;c", "E16");
    ask("vCont;s:1", "E16");
    type("\003", 1);
    assert_stopped("T02thread:1;");
    type("\003", 1);
    assert_string_equal(t.from_stub, "");
}

static void test_registers(void **state)
{
    (void)state;
    fake.vcpus[0].regs[seL4_VCPUReg_SP_EL1] = 0x1122334455667788;
    *fake_x(0, 7) = 0x0102030405060708;
    ask("p7", "0807060504030201");
    ask("p1f", "8877665544332211");
    ask("P1f=0100000000000000", "OK");
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_SP_EL1], 1);
    fake.vcpus[0].context.spsr = 0;
    ask("P1f=0200000000000000", "OK");
    assert_int_equal(fake.vcpus[0].context.sp, 2);
    ask("P21=ffffffff", "OK");
    assert_int_equal(fake.vcpus[0].context.spsr, PSR_NZCV | PSR_DIT | PSR_PAN | PSR_SSBS | PSR_BTYPE | PSR_DAIF);
    ask("P7=11", "E16");
    ask("P7", "E16");
    ask("p22", "3808d53000000000"); /* SCTLR_EL1 */
    ask("p2c", "0100000000000000"); /* SP_EL1 */
    ask("p34", "E16");
    fake.vcpus[0].regs[seL4_VCPUReg_VMPIDR_EL2] = 0x80000000;
    ask("P30=0000000000000000", "E16"); /* MPIDR_EL1 */
    ask("P30=0000008000000000", "OK");  /* nothing changes */
    ask("P2d=0900000000000000", "OK");
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_TPIDR_EL1], 9);
    /* All of them, and back. */
    char packet[4200], all[1100] = "G";
    frame(packet, sizeof packet, "g");
    type(packet, strlen(packet));
    assert_int_equal(strlen(t.from_stub), 1 + 1 + 33 * 16 + 8 + 3);
    memcpy(all + 1, t.from_stub + 2, 33 * 16 + 8);
    memcpy(all + 1, "ffeeddccbbaa9988", 16);
    ask(all, "OK");
    assert_int_equal(*fake_x(0, 0), 0x8899aabbccddeeff);
    assert_int_equal(*fake_x(0, 7), 0x0102030405060708);
    ask("G00", "E16");
}

static void test_target_description(void **state)
{
    (void)state;
    static char text[8192];
    size_t length = 0;
    bool is_last = false;
    while (!is_last) {
        char request[80], packet[100];
        snprintf(request, sizeof request, "qXfer:features:read:target.xml:%zx,1f0", length);
        frame(packet, sizeof packet, request);
        type(packet, strlen(packet));
        is_last = t.from_stub[2] == 'l';
        const size_t bytes = t.got - 6;
        memcpy(text + length, t.from_stub + 3, bytes);
        length += bytes;
    }
    text[length] = '\0';
    assert_non_null(strstr(text, "<reg name=\"x30\" bitsize=\"64\"/><reg name=\"sp\""));
    assert_non_null(
        strstr(text, "<reg name=\"vbar_el1\" bitsize=\"64\" regnum=\"39\" group=\"system\" save-restore=\"no\"/>"));
    assert_string_equal(text + length - 9, "</target>");
    ask("qXfer:features:read:target.xml:10000,10", "l");
    ask("qXfer:features:read:target.xml:x", "E16");
}

/* Two pages that lie apart, at VA_BASE; the second one for EL0 as well. */
static void map_pages(void)
{
    const uint64_t tables = FAKE_RAM_BASE + 0x8000;
    const uint64_t entries[][2] = {
        {tables + 8 * 256, (tables + 0x1000) | 3},         /* bits 47 to 39 of VA_BASE */
        {tables + 0x1000 + 8 * 0, (tables + 0x2000) | 3},  /* 38 to 30 */
        {tables + 0x2000 + 8 * 64, (tables + 0x3000) | 3}, /* 29 to 21 */
        {tables + 0x3000 + 8 * 0, ENTRY | 0x403},          /* 20 to 12 */
        {tables + 0x3000 + 8 * 1, (ENTRY + 0x5000) | 0x443},
    };
    for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
        memcpy(fake_ram_at(entries[i][0]), &entries[i][1], 8);
    }
    for (unsigned i = 0; i < 2; i++) {
        fake.vcpus[i].regs[seL4_VCPUReg_SCTLR] = 1;
        fake.vcpus[i].regs[seL4_VCPUReg_TCR] = UINT64_C(2) << 30 | 16 << 16 | 16;
        fake.vcpus[i].regs[seL4_VCPUReg_TTBR1] = tables;
    }
}

static void test_memory(void **state)
{
    (void)state;
    ask("M40001000,4:01020304", "OK");
    ask("m40001000,4", "01020304");
    ask("m40001002,3", "03041f");
    ask("mc000000,4", "E0e");
    ask("m400ffffe,4", "0000"); /* up to the end of RAM */
    char whole[2049];
    for (size_t i = 0; i < 1024; i++) {
        memcpy(&whole[2 * i], i % 4 == 0 ? "1f" : i % 4 == 1 ? "20" : i % 4 == 2 ? "03" : "d5", 2);
        put(ENTRY + 4 + i / 4 * 4, NOP);
    }
    whole[2048] = '\0';
    ask("m40001004,400", whole);
    ask("m40001000,401", "E16");
    ask("M40001000,2:01", "E16");
    ask("Mc000000,1:00", "E0e");
    map_pages();
    ask("mffff800008000000,4", "01020304");
    *fake_ram_at(ENTRY + 0xfff) = 0xaa;
    *fake_ram_at(ENTRY + 0x5000) = 0xbb;
    ask("mffff800008000fff,2", "aabb");
    ask("Mffff800008000fff,2:ccdd", "OK");
    assert_int_equal(*fake_ram_at(ENTRY + 0xfff), 0xcc);
    assert_int_equal(*fake_ram_at(ENTRY + 0x5000), 0xdd);
    ask("mffff800008001ffe,8", "0000"); /* no third page */
    ask("m40001000,4", "E0e");
    monitor("phys on", "OK");
    monitor("phys", "on\n");
    ask("m40001000,4", "01020304");
    ask("mffff800008000000,4", "E0e");
    ask("M40001000,4:0a0b0c0d", "OK");
    monitor("phys off", "OK");
    ask("mffff800008000000,4", "0a0b0c0d");
    /* More than two pages at once. */
    uint8_t bytes[3 * 4096];
    fake.vcpus[0].regs[seL4_VCPUReg_SCTLR] = 0;
    *fake_ram_at(ENTRY + 0x800) = 0x81;
    *fake_ram_at(ENTRY + 0x27ff) = 0x82;
    struct debug *debug = vm_instance()->debugger == NULL ? NULL : (struct debug *)(void *)vm_instance()->debugger;
    assert_int_equal(debug_read(debug, 0, false, ENTRY + 0x800, bytes, 0x2000), 0x2000);
    assert_true(bytes[0] == 0x81 && bytes[0x1fff] == 0x82);
    memset(bytes, 0x5a, sizeof bytes);
    assert_int_equal(debug_write(debug, 0, true, ENTRY + 0x800, bytes, 0x2000), 0x2000);
    assert_true(*fake_ram_at(ENTRY + 0x27ff) == 0x5a && *fake_ram_at(ENTRY + 0x2800) != 0x5a);
}

static void test_breakpoints(void **state)
{
    (void)state;
    ask("Z0,40001010,4", "OK");
    ask("Z0,40001010,4", "OK");
    assert_true(is_patched(ENTRY + 0x10));
    assert_true(fake.cache_invalidated_bytes != 0);
    /* Nobody sees it by gdb, and what gdb writes there stays. */
    ask("m4000100e,8", "03d51f2003d51f20");
    ask("M40001012,4:11223344", "OK");
    assert_true(is_patched(ENTRY + 0x10));
    ask("m40001010,8", "1f201122334403d5");
    ask("Z0,40001012,4", "E16");
    ask("Z1,40001014,4", "");
    ask("vCont;c", NULL);
    hit(0, ENTRY + 0x10);
    assert_stopped("T05thread:1;");
    /* It stands, and the debugger does not step: the vCPU gets off it, and the next one hits. */
    put(ENTRY + 0x10, BREAKPOINT_INSTRUCTION);
    ask("vCont;c", NULL);
    assert_false(is_patched(ENTRY + 0x10));
    assert_true(is_patched(ENTRY + 0x14));
    hit(0, ENTRY + 0x14);
    assert_string_equal(t.from_stub, "");
    assert_true(fake.vcpus[0].running);
    assert_true(is_patched(ENTRY + 0x10));
    assert_false(is_patched(ENTRY + 0x14));
    type("\003", 1);
    ask("z0,40001010,4", "OK");
    ask("z0,40001010,4", "OK");
    assert_false(is_patched(ENTRY + 0x10));
    /* An SMC that is no breakpoint is the guest's own: not supported. */
    ask("vCont;c", NULL);
    fault_handle(0, fake_vcpu_fault(0, ENTRY + 0x20, field_make(ESR_EC, ESR_EC_SMC64) | ESR_IL | BREAKPOINT_IMMEDIATE));
    assert_int_equal(*fake_x(0, 0), (uint64_t)-1);
    assert_int_equal(fake.vcpus[0].context.pc, ENTRY + 0x24);
}

static void test_breakpoints_and_tables(void **state)
{
    (void)state;
    /* No translation yet. */
    ask("Z0,ffff800008000010,4", "OK");
    monitor("breakpoints", "0xffff800008000010 waits for a translation\n");
    assert_false(is_patched(ENTRY + 0x10));
    map_pages();
    ask("vCont;c", NULL);
    assert_true(is_patched(ENTRY + 0x10));
    type("\003", 1);
    monitor("breakpoints", "0xffff800008000010 at 0x40001010\n");
    /* Not where EL0 executes. */
    ask("Z0,ffff800008001010,4", "E16");
    /* A second address of the same word. */
    fake.vcpus[0].regs[seL4_VCPUReg_SCTLR] = 0;
    ask("Z0,40001010,4", "OK");
    ask("z0,ffff800008000010,4", "OK");
    assert_true(is_patched(ENTRY + 0x10));
    ask("z0,40001010,4", "OK");
    assert_int_equal(word(ENTRY + 0x10), NOP);
    /* Written over by the guest. */
    ask("Z0,40001010,4", "OK");
    put(ENTRY + 0x10, 0x12345678);
    ask("m40001010,4", "78563412");
    ask("D", "OK");
    assert_int_equal(word(ENTRY + 0x10), 0x12345678);
    assert_true(fake.vcpus[0].running);
}

static void test_maps(void **state)
{
    (void)state;
    monitor("map ffff800008000000 40001000", "usage: monitor map VA PA SIZE, each in hexadecimal\n");
    monitor("map 0xffff800008000000 0x40001000 0x1000", "OK");
    monitor("map ffffffffffffffff 0 2", "no room for another range, or it is empty or wraps around\n");
    monitor("map 0 0 0", "no room for another range, or it is empty or wraps around\n");
    monitor("map", "0xffff800008000000 at 0x40001000, 0x1000 bytes\n");
    ask("mffff800008000ffe,4", "0000");
    ask("Z0,ffff800008000020,4", "OK");
    assert_true(is_patched(ENTRY + 0x20));
    assert_true(gdb_map(&t.gdb, 0, 0, 1) && gdb_map(&t.gdb, 0, 0, 1) && gdb_map(&t.gdb, 0, 0, 1));
    assert_false(gdb_map(&t.gdb, 0, 0, 1));
    monitor("help me", "breakpoints        addresses, and where in RAM they are\n"
                       "map VA PA SIZE     until the guest's tables say, VA is at PA (hexadecimal)\n"
                       "map                what has been said\n"
                       "phys on|off        memory by guest-physical addresses\n"
                       "reset              start the guest anew, stopped before its first instruction; "
                       "then: flushregs\n"
                       "and of the machine: devices, errors, irq N [VCPU], irqs, memory, vcpus\n");
    monitor("vcpus", "vCPU 0: stopped, pc 0x40001000, pstate 0x60000005\nvCPU 1: off, pc 0x0, pstate 0x600003c5, "
                     "interrupts masked\n");
    monitor("irqs", "none\n");
    monitor("resume", "not here: continue, kill, or monitor reset\n");
    monitor("mapper", "no such command: monitor help\n");
    ask("qRcmd,zz", "E16");
}

static void test_step(void **state)
{
    (void)state;
    ask("Z0,40001000,4", "OK");
    ask("vCont;s:1;c", NULL);
    assert_true(fake.vcpus[0].running);
    /* Off its breakpoint, with interrupts masked; at the next instruction and at the vectors there are others. */
    assert_false(is_patched(ENTRY));
    assert_true(is_patched(ENTRY + 4) && is_patched(VECTORS) && is_patched(VECTORS + 0x200));
    assert_int_equal(fake.vcpus[0].context.spsr & PSR_DAIF, 0x1c0);
    hit(0, ENTRY + 4);
    assert_stopped("T05thread:1;");
    assert_int_equal(fake.vcpus[0].context.spsr & PSR_DAIF, 0);
    assert_true(is_patched(ENTRY));
    assert_false(is_patched(ENTRY + 4) || is_patched(VECTORS) || is_patched(VECTORS + 0x200));
    /* An exception: the masks are in SPSR_EL1 by then. */
    ask("s", NULL);
    fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1] = fake.vcpus[0].context.spsr;
    fake.vcpus[0].context.spsr |= PSR_DAIF;
    hit(0, VECTORS + 0x200);
    assert_stopped("T05thread:1;");
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1] & PSR_DAIF, 0);
    assert_int_equal(fake.vcpus[0].context.spsr & PSR_DAIF, PSR_DAIF);
    /* Interrupted in the middle. */
    fake.vcpus[0].context.pc = ENTRY + 8;
    fake.vcpus[0].context.spsr &= ~PSR_DAIF;
    ask("s40001020", NULL);
    type("\003", 1);
    assert_string_equal(t.from_stub, "$T02thread:1;#d4");
    assert_int_equal(fake.vcpus[0].context.spsr & PSR_DAIF, 0);
    assert_int_equal(fake.vcpus[0].context.pc, ENTRY + 0x20);
    ask("vCont;s:2", "E16"); /* off */
    ask("S05;40001024", NULL);
    hit(0, ENTRY + 0x28);
    ask("C05", NULL);
}

static void test_steps_that_are_emulated(void **state)
{
    (void)state;
    static const struct {
        uint32_t instruction;
        uint64_t daif;
        uint64_t next;
    } cases[] = {
        {0xd50342df, 0x080, ENTRY + 4}, /* msr daifset, #2 */
        {0xd5034fff, 0x000, ENTRY + 4}, /* msr daifclr, #15 */
        {0xd51b4225, 0x140, ENTRY + 4}, /* msr daif, x5 */
        {0xd53b4226, 0x140, ENTRY + 4}, /* mrs x6, daif */
        {0xd51b423f, 0x000, ENTRY + 4}, /* msr daif, xzr */
        {B_DOT, 0x000, ENTRY},          {ERET, 0x3c0, ENTRY + 0x40},
    };
    *fake_x(0, 5) = 0xffff0140;
    fake.vcpus[0].regs[seL4_VCPUReg_ELR_EL1] = ENTRY + 0x40;
    fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1] = 0x3c0;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        put(ENTRY, cases[i].instruction);
        fake.vcpus[0].context.pc = ENTRY;
        ask("vCont;s:1", "T05thread:1;");
        assert_false(fake.vcpus[0].running);
        assert_int_equal(fake.vcpus[0].context.pc, cases[i].next);
        assert_int_equal(fake.vcpus[0].context.spsr & PSR_DAIF, cases[i].daif);
    }
    assert_int_equal(*fake_x(0, 6), 0x140);
    /* The last one went to EL0: on to the next entry to EL1. */
    assert_int_equal(fake.vcpus[0].context.spsr & 0xf, 0);
    ask("s", NULL);
    for (unsigned i = 0; i < 8; i++) {
        assert_true(is_patched(VECTORS + 0x400 + 0x80 * i));
    }
    assert_false(is_patched(VECTORS + 0x200));
    fake.vcpus[0].context.spsr = FIXTURE_EL1H;
    hit(0, VECTORS + 0x480);
    assert_stopped("T05thread:1;");
    /* An illegal return is the hardware's. */
    put(ENTRY, ERET);
    fake.vcpus[0].context.pc = ENTRY;
    fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1] = 0x3c9;
    ask("s", NULL);
    assert_true(fake.vcpus[0].running);
}

/* What a step must not change, and what it must: masks of the guest's own, the vectors' other stack, branch types. */
static void test_masks_of_the_guest(void **state)
{
    (void)state;
    seL4_UserContext *context = &fake.vcpus[0].context;
    context->spsr = (FIXTURE_EL1H & ~PSR_DAIF) | 0x280; /* D and I */
    ask("s", NULL);
    assert_int_equal(context->spsr & PSR_DAIF, 0x3c0);
    hit(0, ENTRY + 4);
    assert_int_equal(context->spsr & PSR_DAIF, 0x280);
    ask("s", NULL);
    fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1] = context->spsr;
    hit(0, VECTORS);
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1] & PSR_DAIF, 0x280);
    /* Emulated: a branch type is gone behind the instruction. */
    put(ENTRY, 0xd50342df);
    context->pc = ENTRY;
    context->spsr |= PSR_BTYPE;
    ask("s", "T05thread:1;");
    assert_int_equal(context->spsr & PSR_BTYPE, 0);
    /* Not emulated: nobody sees what it reads. */
    put(ENTRY, 0xd53b423f); /* mrs xzr, daif */
    context->pc = ENTRY;
    ask("s", NULL);
    assert_true(is_patched(ENTRY + 4));
    hit(0, ENTRY + 4);
    /* ERET to EL1, on either stack. */
    for (uint64_t mode = 4; mode <= 5; mode++) {
        put(ENTRY, ERET);
        context->pc = ENTRY;
        fake.vcpus[0].regs[seL4_VCPUReg_ELR_EL1] = ENTRY + 0x60;
        fake.vcpus[0].regs[seL4_VCPUReg_SPSR_EL1] = mode;
        ask("s", "T05thread:1;");
        assert_int_equal(context->pc, ENTRY + 0x60);
        assert_int_equal(context->spsr, mode);
        assert_int_equal(context->spsr & PSR_DAIF, 0);
    }
}

static void test_exclusives(void **state)
{
    (void)state;
    static const uint32_t loop[] = {0x885ffc01, 0x11000421, 0x34000041, 0x8802fc01, 0x35ffff82};
    for (size_t i = 0; i < ARRAY_SIZE(loop); i++) {
        put(ENTRY + 4 * i, loop[i]);
    }
    ask("s", NULL);
    assert_true(is_patched(ENTRY + 0x10)); /* behind the store */
    assert_false(is_patched(ENTRY + 4) || is_patched(ENTRY + 8) || is_patched(ENTRY + 0xc));
    hit(0, ENTRY + 0x10);
    put(ENTRY + 8, 0x34000101); /* a way out: cbz w1, 32 */
    fake.vcpus[0].context.pc = ENTRY;
    ask("s", NULL);
    assert_true(is_patched(ENTRY + 0x28) && is_patched(ENTRY + 0x10));
    hit(0, ENTRY + 0x28);
    assert_false(is_patched(ENTRY + 0x10));
    put(ENTRY + 0xc, NOP); /* no store */
    fake.vcpus[0].context.pc = ENTRY;
    ask("s", NULL);
    assert_true(is_patched(ENTRY + 4));
    hit(0, ENTRY + 4);
    /* Ways that are not straight: a jump, another load, more ways out than are looked at. */
    static const uint32_t crooked[][3] = {
        {0x14000002, NOP, NOP}, {0x885ffc01, NOP, NOP}, {0x34000101, 0x34000101, 0x34000101}};
    for (size_t i = 0; i < ARRAY_SIZE(crooked); i++) {
        for (size_t n = 0; n < 3; n++) {
            put(ENTRY + 4 + 4 * n, crooked[i][n]);
        }
        put(ENTRY + 0x10, 0x8802fc01); /* the store */
        fake.vcpus[0].context.pc = ENTRY;
        ask("s", NULL);
        assert_true(is_patched(ENTRY + 4));
        assert_false(is_patched(ENTRY + 0x14));
        hit(0, ENTRY + 4);
    }
}

static void start_second(void)
{
    ask("c", NULL);
    seL4_UserContext *context = &fake.vcpus[0].context;
    context->x0 = PSCI_64(PSCI_CPU_ON);
    context->x1 = 1;
    context->x2 = ENTRY + 0x80;
    fault_handle(0, fake_hvc(0, ENTRY + 0x40));
    assert_true(fake.vcpus[1].running);
    type("\003", 1);
    assert_false(fake.vcpus[0].running || fake.vcpus[1].running);
}

static void test_two_vcpus(void **state)
{
    (void)state;
    start_second();
    ask("qfThreadInfo", "m1,2");
    ask("Hg2", "OK");
    ask("p20", "8010004000000000");
    ask("Z0,40001090,4", "OK");
    ask("vCont;c", NULL);
    assert_true(fake.vcpus[0].running && fake.vcpus[1].running);
    hit(1, ENTRY + 0x90);
    assert_stopped("T05thread:2;");
    /* One alone. */
    ask("z0,40001090,4", "OK");
    ask("vCont;s:2;c", NULL);
    assert_true(!fake.vcpus[0].running && fake.vcpus[1].running);
    hit(1, ENTRY + 0x94);
    ask("vCont;c:1", NULL);
    assert_true(fake.vcpus[0].running && !fake.vcpus[1].running);
    type("\003", 1);
    ask("vCont;c:1;c:2", NULL);
    assert_true(fake.vcpus[0].running && fake.vcpus[1].running);
    type("\003", 1);
    ask("vCont;C05:2;c", NULL);
    assert_true(fake.vcpus[0].running && fake.vcpus[1].running);
    type("\003", 1);
    ask("vCont;x", "E16");
    ask("vCont;c:3", "E16");
    ask("vCont", "E16");
    /* Off a breakpoint of the second one, which the debugger has left alone. */
    ask("Z0,400010a0,4", "OK");
    ask("vCont;c", NULL);
    hit(1, ENTRY + 0xa0);
    ask("P7=0102030405060708", "OK");
    assert_int_equal(*fake_x(1, 7), 0x0807060504030201);
    assert_int_equal(*fake_x(0, 7), 0);
    ask("vCont;c", NULL);
    assert_true(!fake.vcpus[0].running && fake.vcpus[1].running);
    hit(1, ENTRY + 0xa4);
    assert_string_equal(t.from_stub, "");
    assert_true(fake.vcpus[0].running && fake.vcpus[1].running);
    type("\003", 1);
    ask("z0,400010a0,4", "OK");
    /* Off in its step. */
    ask("vCont;s:2", NULL);
    fake.vcpus[1].context.x0 = PSCI_CPU_OFF;
    t.got = 0;
    fault_handle(1, fake_hvc(1, ENTRY + 0x98));
    assert_stopped("T05thread:2;");
    ask("qfThreadInfo", "m1");
}

/* One that is started while another one steps is held, and counts as on. */
static void test_start_during_a_step(void **state)
{
    (void)state;
    seL4_UserContext *context = &fake.vcpus[0].context;
    ask("s", NULL);
    context->x0 = PSCI_64(PSCI_CPU_ON);
    context->x1 = 1;
    context->x2 = ENTRY + 0x80;
    fault_handle(0, fake_hvc(0, ENTRY));
    assert_int_equal(context->x0, PSCI_SUCCESS);
    assert_false(fake.vcpus[1].running);
    context->x0 = PSCI_AFFINITY_INFO;
    context->x1 = 1;
    context->x2 = 0;
    fault_handle(0, fake_hvc(0, ENTRY));
    assert_int_equal(context->x0, PSCI_AFFINITY_ON);
    hit(0, ENTRY + 4);
    ask("c", NULL);
    assert_true(fake.vcpus[0].running && fake.vcpus[1].running);
}

static void test_virtual_time(void **state)
{
    (void)state;
    fake.counter = 1000;
    ask("vCont;c", NULL); /* stopped since 0 */
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_CNTVOFF], 1000);
    assert_int_equal(fake.vcpus[1].regs[seL4_VCPUReg_CNTVOFF], 1000);
    fake.counter = 5000;
    type("\003", 1);
    fake.counter = 8000;
    put(ENTRY, 0xd50342df); /* msr daifset, #2: emulated, and no time passes */
    fake.vcpus[0].context.pc = ENTRY;
    ask("s", "T05thread:1;");
    fake.counter = 9000;
    ask("D", "OK");
    assert_int_equal(fake.vcpus[0].regs[seL4_VCPUReg_CNTVOFF], 5000);
}

static void test_stopped_by_the_vmm(void **state)
{
    (void)state;
    ask("c", NULL);
    t.got = 0;
    guest_stop(0);
    assert_stopped("T02thread:1;");
    ask("c", NULL);
    guest_stop_on_error(true);
    t.got = 0;
    fault_handle(0, fake_vm_fault(0, ENTRY, 0x0c000000, FIXTURE_LOAD(4, 0, 0)));
    assert_stopped("T02thread:1;");
}

static enum result reload(struct vm *vm, uint64_t *kernel_pc)
{
    *kernel_pc = ENTRY;
    for (uint64_t at = ENTRY; at < ENTRY + 0x100; at += 4) {
        put(at, NOP);
    }
    (void)vm;
    return RESULT_OK;
}

static enum guest_power_action stays_off(size_t vcpu_id, enum guest_power_event event, void *cookie)
{
    (void)vcpu_id;
    (void)event;
    (void)cookie;
    return GUEST_POWER_ACTION_STOP;
}

static void call(uint32_t function)
{
    fake.vcpus[0].context.x0 = function;
    t.got = 0;
    t.from_stub[0] = '\0';
    fault_handle(0, fake_hvc(0, ENTRY + 0x40));
}

/* vCPUs that have run are reset first, each by an exit of its own. */
static void finish_reset(void)
{
    while (vm_instance()->reset_stub.under_way) {
        const uint32_t id = vm_instance()->reset_stub.vcpu_id;
        assert_true(fake.vcpus[id].running);
        fault_handle(id, fake_vcpu_fault(id, FAKE_RAM_BASE, field_make(ESR_EC, ESR_EC_SMC64) | ESR_IL));
    }
}

static void test_reboot(void **state)
{
    (void)state;
    vm_instance()->reload = reload;
    vm_instance()->images.dtb_dest = FAKE_RAM_BASE;
    ask("Z0,40001020,4", "OK");
    ask("c", NULL);
    /* By the guest: it goes on, and the breakpoint is there again. */
    call(PSCI_SYSTEM_RESET);
    finish_reset();
    assert_true(fake.vcpus[0].running);
    assert_string_equal(t.from_stub, "");
    assert_true(is_patched(ENTRY + 0x20));
    hit(0, ENTRY + 0x20);
    assert_stopped("T05thread:1;");
    /* In a step: it stops before the first instruction. */
    ask("z0,40001020,4", "OK");
    ask("s", NULL);
    call(PSCI_SYSTEM_RESET);
    finish_reset();
    assert_stopped("T05thread:1;");
    assert_int_equal(fake.vcpus[0].context.pc, ENTRY);
    assert_false(is_patched(ENTRY + 0x24));
    /* By the user. */
    fake.vcpus[0].context.pc = ENTRY + 0x30;
    ask(hex("qRcmd,", "reset"), NULL);
    t.got = 0;
    finish_reset();
    assert_stopped("OK");
    ask("p20", "0010004000000000");
    ask("c", NULL);
    /* Stopped while its vCPUs are being reset: a step goes to its beginning. */
    call(PSCI_SYSTEM_RESET);
    assert_true(vm_instance()->reset_stub.under_way);
    type("\003", 1);
    assert_true(vm_instance()->is_new);
    ask("s", NULL);
    t.got = 0;
    finish_reset();
    assert_stopped("T05thread:1;");
    assert_int_equal(fake.vcpus[0].context.pc, ENTRY);
    ask("c", NULL);
    /* Off, and on again. */
    guest_register_power_handler(stays_off, NULL);
    call(PSCI_SYSTEM_OFF);
    assert_stopped("W00");
    ask("?", "T05thread:1;");
    ask("qfThreadInfo", "m1");
    ask("s", "E16");
    vm_instance()->reload = NULL;
    monitor("reset", "the guest cannot be started: its VMM's log says why\n");
    ask("c", NULL);
    assert_false(fake.vcpus[0].running);
}

/* A second debugger finds the guest running, with what the first has left; or one takes the guest down. */
static void test_come_and_go(void **state)
{
    (void)state;
    ask("Z0,40001020,4", "OK");
    ask("c", NULL);
    ask("qSupported", "PacketSize=800;qXfer:features:read+;vContSupported+");
    ask("?", "T05thread:1;");
    assert_false(is_patched(ENTRY + 0x20));
    /* Gone without a word, and another one detaches at once: while the guest runs, too. */
    ask("Z0,40001020,4", "OK");
    ask("c", NULL);
    assert_true(is_patched(ENTRY + 0x20));
    ask("D", "OK");
    assert_false(is_patched(ENTRY + 0x20));
    assert_true(fake.vcpus[0].running);
    ask("?", "T05thread:1;");
    ask("Z0,40001020,4", "OK");
    ask("vKill;1", "OK");
    assert_false(is_patched(ENTRY + 0x20));
    assert_int_equal(vm_instance()->vcpus[0].state, VCPU_OFF);
}

static void test_too_many(void **state)
{
    (void)state;
    char request[32];
    for (unsigned i = 0; i < BREAKPOINT_COUNT_MAX; i++) {
        snprintf(request, sizeof request, "Z0,%lx,4", FAKE_RAM_BASE + 0x10000 + 4 * i);
        ask(request, "OK");
    }
    ask("Z0,40001000,4", "E1c");
    ask("s", NULL); /* a step has room of its own */
    hit(0, ENTRY + 4);
    assert_stopped("T05thread:1;");
}

static void test_what_is_refused(void **state)
{
    (void)state;
    const struct gdb_line line = {.transmit = transmit, .receive = receive};
    const struct gdb_line half = {.transmit = transmit};
    struct gdb other = {0};
    const struct sddf_serial_client_config empty = {0};
    assert_false(gdb_init(&other, &line, false));
    assert_true(fake_log_has("gdb_init: there is a debugger already"));
    assert_false(gdb_init_serial(&other, &empty, false));
    assert_false(gdb_notified(&other, 0));
    vm_instance()->debugger = NULL;
    assert_false(gdb_init(&other, &line, false));
    assert_true(fake_log_has("gdb_init: comes before guest_start"));
    vm_instance()->started = false;
    assert_false(gdb_init(&other, &half, false));
}

static void test_serial_line(void **state)
{
    (void)state;
    static _Alignas(8) uint8_t queues[2][16], rings[2][64];
    struct gdb gdb = {0};
    struct sddf_serial to, from;
    struct sddf_serial_client_config config = {
        .magic = {'s', 'D', 'D', 'F', SDDF_SERIAL_VERSION},
        .rx = {.queue = {queues[0], 16}, .data = {rings[0], 64}, .id = 5},
        .tx = {.queue = {queues[1], 16}, .data = {rings[1], 64}, .id = 6},
    };
    char text[80] = "";
    uint32_t bytes;
    memset(queues, 0, sizeof queues);
    ((struct sddf_serial_queue *)queues[0])->producer_signalled = 1;
    ((struct sddf_serial_queue *)queues[1])->producer_signalled = 1;
    vm_instance()->debugger = NULL;
    vm_instance()->started = false;
    assert_true(sddf_serial_open(&to, &config.rx, SDDF_PRODUCER) && sddf_serial_open(&from, &config.tx, SDDF_CONSUMER));
    assert_true(gdb_init_serial(&gdb, &config, false));
    assert_false(gdb_notified(&gdb, 7));
    assert_int_equal(sddf_serial_write(&to, "$qSupported#37", 14), 14);
    assert_true(gdb_notified(&gdb, 5));
    assert_int_equal(fake.notifies[6], 2); /* the acknowledgement, and the answer */
    /* The answer is longer than what is read at first. */
    bytes = sddf_serial_read(&from, text, 10);
    assert_true(gdb_notified(&gdb, 6));
    bytes += sddf_serial_read(&from, text + bytes, 64);
    assert_string_equal(text, "+$PacketSize=800;qXfer:features:read+;vContSupported+#d9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_first_instruction, setup, teardown),
        cmocka_unit_test_setup_teardown(test_registers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_target_description, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_breakpoints, setup, teardown),
        cmocka_unit_test_setup_teardown(test_breakpoints_and_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_maps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_steps_that_are_emulated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_masks_of_the_guest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exclusives, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_vcpus, setup, teardown),
        cmocka_unit_test_setup_teardown(test_start_during_a_step, setup, teardown),
        cmocka_unit_test_setup_teardown(test_virtual_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_by_the_vmm, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reboot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_serial_line, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
