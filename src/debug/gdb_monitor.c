/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Commands of the user: see gdb_monitor.h.
 */
#include "debug/gdb_monitor.h"

#include <libvmm/util/util.h>

#include "debug/monitor.h"
#include "util/format.h"

#define LINE_BYTES 96

/* An answer of the VM's, in one packet: what does not fit is left out, and that is said. */
struct answer {
    struct gdb_output *output;
    bool is_cut;
};

static void put_line(void *cookie, const char *line)
{
    static const char cut[] = "... more than fits\n";
    struct answer *answer = cookie;
    const size_t needed = 2 * (strlen(line) + 1);
    if (answer->is_cut) {
        return;
    }
    answer->is_cut = needed + 2 * sizeof cut > gdb_output_room(answer->output);
    gdb_output_hex_text(answer->output, answer->is_cut ? cut : line);
    gdb_output_hex_text(answer->output, answer->is_cut ? "" : "\n");
}

static void help(struct gdb_stub *stub, const char *arguments)
{
    (void)arguments;
    gdb_output_hex_text(&stub->output, "breakpoints        addresses, and where in RAM they are\n"
                                       "map VA PA SIZE     until the guest's tables say, VA is at PA (hexadecimal)\n"
                                       "map                what has been said\n"
                                       "phys on|off        memory by guest-physical addresses\n"
                                       "reset              start the guest anew, stopped before its first instruction; "
                                       "then: flushregs\n"
                                       "and of the machine: devices, errors, irq N [VCPU], irqs, memory, vcpus\n");
}

static void show_breakpoints(struct gdb_stub *stub, const char *arguments)
{
    const struct breakpoints *breakpoints = &stub->debug.breakpoints;
    char line[LINE_BYTES];
    (void)arguments;
    for (size_t i = 0; i < BREAKPOINT_COUNT_MAX; i++) {
        const struct breakpoint *each = &breakpoints->all[i];
        if (each->is_used && each->is_patched) {
            snprintf(line, sizeof line, "0x%lx at 0x%lx\n", each->va, each->at.value);
            gdb_output_hex_text(&stub->output, line);
        } else if (each->is_used) {
            snprintf(line, sizeof line, "0x%lx waits for a translation\n", each->va);
            gdb_output_hex_text(&stub->output, line);
        }
    }
}

static void show_maps(struct gdb_stub *stub)
{
    char line[LINE_BYTES];
    for (size_t i = 0; i < BREAKPOINT_MAP_COUNT; i++) {
        const struct breakpoint_map *map = &stub->debug.breakpoints.maps[i];
        if (map->size_bytes != 0) {
            snprintf(line, sizeof line, "0x%lx at 0x%lx, 0x%lx bytes\n", map->va, map->at, map->size_bytes);
            gdb_output_hex_text(&stub->output, line);
        }
    }
}

static bool parse_argument(const char **text, uint64_t *value)
{
    while (gdb_parse_char(text, ' ')) {
    }
    (void)gdb_parse_word(text, "0x");
    return gdb_parse_number(text, value);
}

static void map(struct gdb_stub *stub, const char *arguments)
{
    uint64_t va, at, size_bytes;
    if (*arguments == '\0') {
        show_maps(stub);
        return;
    }
    if (!parse_argument(&arguments, &va) || !parse_argument(&arguments, &at) ||
        !parse_argument(&arguments, &size_bytes) || *arguments != '\0') {
        gdb_output_hex_text(&stub->output, "usage: monitor map VA PA SIZE, each in hexadecimal\n");
    } else if (!gdb_stub_add_map(stub, va, at, size_bytes)) {
        gdb_output_hex_text(&stub->output, "no room for another range, or it is empty or wraps around\n");
    } else {
        gdb_output_text(&stub->output, "OK");
    }
}

static void physical(struct gdb_stub *stub, const char *arguments)
{
    const bool is_on = gdb_parse_word(&arguments, " on");
    if ((!is_on && !gdb_parse_word(&arguments, " off")) || *arguments != '\0') {
        gdb_output_hex_text(&stub->output, stub->is_physical ? "on\n" : "off\n");
        return;
    }
    stub->is_physical = is_on;
    gdb_output_text(&stub->output, "OK");
}

static void reset(struct gdb_stub *stub, const char *arguments)
{
    (void)arguments;
    gdb_stub_await(stub, GDB_AWAITS_REBOOT);
    if (!debug_reboot(&stub->debug)) {
        stub->awaits = GDB_AWAITS_NOTHING;
        stub->is_answering = true;
        gdb_output_begin(&stub->output);
        gdb_output_hex_text(&stub->output, "the guest cannot be started: its VMM's log says why\n");
    }
}

static const struct {
    const char *name;
    void (*run)(struct gdb_stub *stub, const char *arguments);
} commands[] = {
    {"breakpoints", show_breakpoints}, {"help", help}, {"map", map}, {"phys", physical}, {"reset", reset},
};

/* Those of the VM that would let it run, or end it, are the debugger's own: continue, monitor reset, kill. */
static bool is_debuggers(const char *command)
{
    static const char *const names[] = {"off", "restart", "resume", "stop"};
    bool is_one = false;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *rest = command;
        is_one = is_one || gdb_parse_word(&rest, names[i]);
    }
    return is_one;
}

static void run_of_vm(struct gdb_stub *stub, const char *command)
{
    struct answer answer = {.output = &stub->output};
    const struct report report = {.put = put_line, .cookie = &answer};
    const uint32_t before = stub->output.length;
    if (is_debuggers(command)) {
        gdb_output_hex_text(&stub->output, "not here: continue, kill, or monitor reset\n");
    } else if (!monitor_run(stub->debug.vm, command, &report)) {
        gdb_output_hex_text(&stub->output, "no such command: monitor help\n");
    } else if (stub->output.length == before) {
        gdb_output_hex_text(&stub->output, "none\n");
    }
}

void gdb_monitor(struct gdb_stub *stub, const char *command)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const char *rest = command;
        if (gdb_parse_word(&rest, commands[i].name) && (*rest == '\0' || *rest == ' ')) {
            commands[i].run(stub, rest);
            return;
        }
    }
    run_of_vm(stub, command);
}
