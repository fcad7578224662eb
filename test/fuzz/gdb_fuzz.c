/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A debugger that sends what it likes, on a guest that does what it likes: requests with any numbers, bytes at random,
 * a line that takes what it likes. After each step the VM is as it must be, a vCPU runs only while the debugger lets
 * it, and once the debugger is gone none of its breakpoints is left.
 */
#include "machine.h"

#include <stdio.h>
#include <string.h>

#include <libvmm/gdb.h>
#include <libvmm/monitor.h>

#include "aarch64/debug/breakpoint.h"
#include "aarch64/exit/psci.h"
#include "aarch64/exit/syndrome.h"
#include "debug/gdb_stub.h"

#define STEP_COUNT_MAX 300
#define TEXT_BYTES     600

static struct gdb gdb;
static char to_stub[2 * TEXT_BYTES];
static size_t given, length;
static uint8_t room; /* characters that the line takes; 255: all */

static size_t transmit(void *cookie, const uint8_t *bytes, size_t count)
{
    const size_t taken = room == UINT8_MAX ? count : MIN(count, (size_t)room);
    (void)cookie;
    MACHINE_REQUIRE(count != 0 && bytes != NULL);
    room = room == UINT8_MAX ? room : (uint8_t)(room - taken);
    return taken;
}

static size_t receive(void *cookie, uint8_t *bytes, size_t count_max)
{
    const size_t count = MIN(count_max, length - given);
    (void)cookie;
    memcpy(bytes, &to_stub[given], count);
    given += count;
    return count;
}

static struct gdb_stub *stub(void)
{
    return (struct gdb_stub *)(void *)&gdb;
}

static void send(const char *data)
{
    uint8_t sum = 0;
    for (const char *at = data; *at != '\0'; at++) {
        sum = (uint8_t)(sum + (uint8_t)*at);
    }
    given = 0;
    length = (size_t)snprintf(to_stub, sizeof to_stub, "$%s#%02x", data, sum);
    gdb_poll(&gdb);
}

/* An address that means something, or any. */
static uint64_t any_address(struct input *input)
{
    const uint8_t choice = input_u8(input);
    switch (choice % 4) {
    case 0:
        return MACHINE_RAM_BASE + 4 * (choice >> 2);
    case 1:
        return UINT64_C(0xffff800008010800) + 0x80 * (choice >> 2);
    case 2:
        return MACHINE_RAM_BASE + MACHINE_RAM_BYTES - (choice >> 2);
    default:
        return input_value(input);
    }
}

static const char *const plain[] = {
    "?",
    "g",
    "c",
    "s",
    "D",
    "k",
    "vCont;c",
    "vCont;s:1",
    "vCont;s:2;c",
    "vCont;c:2",
    "vCont?",
    "qfThreadInfo",
    "qC",
    "qSupported",
    "qXfer:features:read:target.xml:0,400",
    "Hg1",
    "Hg2",
    "Hg0",
    "T1",
    "T3",
    "qRcmd,7265736574" /* reset */,
    "qRcmd,68656c70" /* help */,
    "qRcmd,7663707573" /* vcpus */,
    "qRcmd,627265616b706f696e7473" /* breakpoints */,
    "qRcmd,70687973206f6e" /* phys on */,
    "qRcmd,70687973206f6666" /* phys off */,
    "vKill;1",
    "vCont;",
    "C05",
    "S05;0",
};

static void request_with_numbers(struct input *input)
{
    char text[TEXT_BYTES];
    const uint8_t kind = input_u8(input);
    const uint64_t at = any_address(input);
    const uint64_t value = input_value(input);
    switch (kind % 10) {
    case 0:
    case 1:
        snprintf(text, sizeof text, "Z0,%lx,4", at);
        break;
    case 2:
        snprintf(text, sizeof text, "z0,%lx,4", at);
        break;
    case 3:
        snprintf(text, sizeof text, "m%lx,%lx", at, value);
        break;
    case 4:
        snprintf(text, sizeof text, "M%lx,8:%016lx", at, value);
        break;
    case 5:
        snprintf(text, sizeof text, "P%x=%016lx", kind >> 2, value);
        break;
    case 6:
        snprintf(text, sizeof text, "p%lx", value);
        break;
    case 7:
        snprintf(text, sizeof text, "%c%lx", (kind & 0x80) != 0 ? 'c' : 's', at);
        break;
    case 8:
        snprintf(text, sizeof text, "qXfer:features:read:target.xml:%lx,%lx", at, value);
        break;
    default:
        MACHINE_REQUIRE(stub()->debug.state <= DEBUG_STOPPED);
        (void)gdb_map(&gdb, at, MACHINE_RAM_BASE + (value & 0xffff), value >> 8);
        return;
    }
    send(text);
}

static void noise(struct input *input)
{
    given = 0;
    length = input_u8(input);
    for (size_t i = 0; i < length; i++) {
        to_stub[i] = (char)input_u8(input);
    }
    gdb_poll(&gdb);
}

static void interrupt(void)
{
    given = 0;
    length = 1;
    to_stub[0] = 3;
    gdb_poll(&gdb);
}

static void put(void *cookie, const char *line)
{
    MACHINE_REQUIRE(cookie == NULL && strlen(line) < 128);
}

/* The monitor's commands that change nothing, with any argument. */
static void ask_monitor(struct input *input)
{
    static const char *const names[] = {"irq", "irqs", "vcpus", "devices", "errors", "memory", "help", "none"};
    char text[TEXT_BYTES];
    const uint8_t name = input_u8(input);
    snprintf(text, sizeof text, "%s %lu %u", names[name % ARRAY_SIZE(names)], input_value(input), input_u8(input) % 9);
    (void)monitor_command(text, put, NULL);
}

static void debugger_step(struct input *input)
{
    const uint8_t what = input_u8(input);
    if (what < 0x80) {
        send(plain[what % ARRAY_SIZE(plain)]);
    } else if (what < 0xe0) {
        request_with_numbers(input);
    } else if (what < 0xf0) {
        noise(input);
    } else if (what < 0xf8) {
        interrupt();
    } else if (what < 0xfc) {
        ask_monitor(input);
    } else {
        room = input_u8(input);
        gdb_poll(&gdb);
    }
}

/* A vCPU comes to a breakpoint, or executes an SMC of its own that looks like one. */
static void execute_smc(struct input *input, size_t vcpu_id)
{
    const struct breakpoints *breakpoints = &stub()->debug.breakpoints;
    const size_t first = input_u8(input);
    uint64_t pc = fake.vcpus[vcpu_id].context.pc;
    for (size_t i = 0; i < ARRAY_SIZE(breakpoints->all); i++) {
        const struct breakpoint *each = &breakpoints->all[(first + i) % ARRAY_SIZE(breakpoints->all)];
        if (each->is_patched) {
            pc = each->va;
            break;
        }
    }
    machine_fault(vcpu_id,
                  fake_vcpu_fault(vcpu_id, pc, field_make(ESR_EC, ESR_EC_SMC64) | ESR_IL | BREAKPOINT_IMMEDIATE));
}

static void call(struct input *input, size_t vcpu_id)
{
    static const uint32_t functions[] = {PSCI_CPU_OFF, PSCI_64(PSCI_CPU_ON), PSCI_SYSTEM_OFF, PSCI_SYSTEM_RESET,
                                         PSCI_AFFINITY_INFO};
    machine_call(input, vcpu_id, functions[input_u8(input) % ARRAY_SIZE(functions)], true);
}

static void store(struct input *input)
{
    const uint64_t offset = input_u16(input) % (MACHINE_RAM_BYTES - 8);
    const uint64_t value = input_value(input);
    memcpy(vm_instance()->ram.vmm_base + offset, &value, sizeof value);
}

static void guest_step(struct input *input)
{
    size_t vcpu_id;
    const uint8_t what = input_u8(input);
    if (!machine_pick_running(input, &vcpu_id)) {
        return;
    }
    switch (what % 6) {
    case 0:
    case 1:
    case 2:
        execute_smc(input, vcpu_id);
        break;
    case 3:
        call(input, vcpu_id);
        break;
    case 4:
        store(input);
        break;
    default:
        machine_guest_step(input, vcpu_id);
        break;
    }
}

/* What is stopped stands still; in a step no vCPU runs but the one. A vCPU that is being reset is not the guest's. */
static void check_stop(void)
{
    const struct vm *vm = vm_instance();
    const struct debug *debug = &stub()->debug;
    for (size_t i = 0; i < vm_vcpu_count(vm) && !vm->reset_stub.under_way; i++) {
        const bool may_run = debug->state == DEBUG_RUNNING || (debug->state == DEBUG_STEPPING && i == debug->vcpu_id);
        MACHINE_REQUIRE(!fake.vcpus[i].running || may_run || !debug->seam.holds);
    }
}

static void leave(void)
{
    const struct breakpoints *breakpoints = &stub()->debug.breakpoints;
    room = UINT8_MAX;
    send("");
    send("D");
    MACHINE_REQUIRE(stub()->debug.state == DEBUG_RUNNING);
    for (size_t i = 0; i < ARRAY_SIZE(breakpoints->all); i++) {
        MACHINE_REQUIRE(!breakpoints->all[i].is_used && !breakpoints->all[i].is_patched);
    }
    machine_check();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct gdb_line line = {.transmit = transmit, .receive = receive};
    struct input input = {bytes, size_bytes};
    machine_start(&input);
    memset(&gdb, 0, sizeof gdb);
    room = UINT8_MAX;
    vm_instance()->started = false;
    MACHINE_REQUIRE(gdb_init(&gdb, &line, false));
    vm_instance()->started = true;
    for (unsigned count = 0; count < STEP_COUNT_MAX && !input_is_empty(&input); count++) {
        const uint8_t who = input_u8(&input);
        if (who % 4 == 3) {
            machine_vmm_step(&input);
        } else if (who % 4 == 2) {
            guest_step(&input);
        } else {
            debugger_step(&input);
        }
        machine_check();
        check_stop();
    }
    leave();
    return 0;
}
