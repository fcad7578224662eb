/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Requests, and what becomes of each: see gdb_request.h.
 */
#include "debug/gdb_request.h"

#include <libvmm/util/util.h>

#include "aarch64/debug/debug_regs.h"
#include "debug/gdb_monitor.h"
#include "debug/gdb_target.h"

#define ERROR_STATE   "E01" /* not while the guest runs */
#define ERROR_MEMORY  "E0e"
#define ERROR_REQUEST "E16"
#define ERROR_ROOM    "E1c"
#define OK            "OK"
#define SUPPORTED     "PacketSize=800;qXfer:features:read+;vContSupported+"

#define READ_BYTES_MAX (GDB_PACKET_BYTES / 2)
#define COMMAND_BYTES  128
#define PSTATE_BYTES   4

_Static_assert(GDB_PACKET_BYTES == 0x800, "SUPPORTED has it as text");

static void answer(struct gdb_stub *stub, const char *text)
{
    gdb_output_text(&stub->output, text);
}

static uint32_t vcpu_count(const struct gdb_stub *stub)
{
    return (uint32_t)vm_vcpu_count(stub->debug.vm);
}

static bool is_stopped(const struct gdb_stub *stub)
{
    return stub->debug.state == DEBUG_STOPPED;
}

/* Threads. */

/* With every vCPU off there is one all the same: a debugger cannot do without. */
static bool has_thread(struct gdb_stub *stub, uint32_t vcpu_id)
{
    const struct vm *vm = stub->debug.vm;
    bool is_any_on = false;
    for (uint32_t i = 0; i < vcpu_count(stub); i++) {
        is_any_on = is_any_on || vm->vcpus[i].state != VCPU_OFF;
    }
    return vcpu_id < vcpu_count(stub) && (is_any_on ? vm->vcpus[vcpu_id].state != VCPU_OFF : vcpu_id == 0);
}

enum thread_kind {
    THREAD_BAD,
    THREAD_ANY, /* 0 or -1 */
    THREAD_ONE,
};

static enum thread_kind parse_thread(struct gdb_stub *stub, const char **text, uint32_t *vcpu_id)
{
    uint64_t number;
    const bool is_all = gdb_parse_char(text, '-');
    if (!gdb_parse_number(text, &number) || (is_all && number != 1)) {
        return THREAD_BAD;
    }
    if (is_all || number == 0) {
        return THREAD_ANY;
    }
    *vcpu_id = (uint32_t)(number - 1);
    return number <= vcpu_count(stub) ? THREAD_ONE : THREAD_BAD;
}

static void put_thread(struct gdb_stub *stub, uint32_t vcpu_id)
{
    gdb_output_number(&stub->output, vcpu_id + 1);
}

/* What gdb knows as Hg; Hc says nothing that vCont does not. */
static void set_thread(struct gdb_stub *stub, const char *text)
{
    uint32_t vcpu_id = stub->thread;
    const bool is_for_requests = *text == 'g';
    text += *text != '\0';
    if (parse_thread(stub, &text, &vcpu_id) == THREAD_BAD) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    stub->thread = is_for_requests ? vcpu_id : stub->thread;
    answer(stub, OK);
}

static void is_alive(struct gdb_stub *stub, const char *text)
{
    uint32_t vcpu_id = 0;
    const bool is_one = parse_thread(stub, &text, &vcpu_id) == THREAD_ONE;
    answer(stub, is_one && has_thread(stub, vcpu_id) ? OK : ERROR_REQUEST);
}

static void first_threads(struct gdb_stub *stub, const char *text)
{
    char before = 'm';
    (void)text;
    for (uint32_t i = 0; i < vcpu_count(stub); i++) {
        if (has_thread(stub, i)) {
            gdb_output_char(&stub->output, before);
            put_thread(stub, i);
            before = ',';
        }
    }
}

static void further_threads(struct gdb_stub *stub, const char *text)
{
    (void)text;
    answer(stub, "l");
}

/* qCRC begins like it, and is not supported. */
static void current_thread(struct gdb_stub *stub, const char *text)
{
    if (*text == '\0') {
        answer(stub, "QC");
        put_thread(stub, stub->thread);
    }
}

static void describe_thread(struct gdb_stub *stub, const char *text)
{
    char name[] = "vCPU 00";
    uint32_t vcpu_id = 0;
    if (parse_thread(stub, &text, &vcpu_id) != THREAD_ONE) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    name[5] = (char)(vcpu_id < 10 ? '0' + vcpu_id : '1');
    name[6] = (char)(vcpu_id < 10 ? '\0' : '0' + vcpu_id % 10);
    gdb_output_hex_text(&stub->output, name);
}

/* Stops. */

void gdb_request_put_stop(struct gdb_stub *stub, enum debug_reason why)
{
    if (why == DEBUG_ENDED) {
        answer(stub, "W00");
        return;
    }
    answer(stub, why == DEBUG_INTERRUPTED ? "T02thread:" : "T05thread:");
    put_thread(stub, stub->thread);
    answer(stub, ";");
}

/* A debugger that has just come: the guest stops, and what another one has left behind goes. */
static void why_stopped(struct gdb_stub *stub, const char *text)
{
    (void)text;
    stub->awaits = GDB_AWAITS_NOTHING;
    debug_interrupt(&stub->debug);
    breakpoint_remove_all(&stub->debug.breakpoints, false);
    gdb_request_put_stop(stub, DEBUG_STEPPED);
}

/* Going on. */

static void go_on(struct gdb_stub *stub, uint32_t only)
{
    gdb_stub_await(stub, GDB_AWAITS_STOP);
    debug_continue(&stub->debug, only);
}

static void step(struct gdb_stub *stub, uint32_t vcpu_id)
{
    if (stub->debug.vm->vcpus[vcpu_id].state == VCPU_OFF) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    gdb_stub_await(stub, GDB_AWAITS_STOP);
    debug_step(&stub->debug, vcpu_id);
}

/* c and s, C and S: with a signal, which there is none of here, and with another PC. */
static bool go_to(struct gdb_stub *stub, const char *text)
{
    uint64_t pc;
    if (*text == '\0') {
        return true;
    }
    return gdb_parse_number(&text, &pc) && debug_regs_set(stub->thread, DEBUG_REG_PC, pc);
}

static bool skip_signal(const char **text)
{
    uint8_t signal;
    return gdb_parse_bytes(text, &signal, 1) && (**text == '\0' || gdb_parse_char(text, ';'));
}

static void continue_at(struct gdb_stub *stub, const char *text)
{
    if (!is_stopped(stub) || !go_to(stub, text)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    go_on(stub, UINT32_MAX);
}

static void step_at(struct gdb_stub *stub, const char *text)
{
    if (!is_stopped(stub) || !go_to(stub, text)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    step(stub, stub->thread);
}

static void continue_with_signal(struct gdb_stub *stub, const char *text)
{
    skip_signal(&text) ? continue_at(stub, text) : answer(stub, ERROR_REQUEST);
}

static void step_with_signal(struct gdb_stub *stub, const char *text)
{
    skip_signal(&text) ? step_at(stub, text) : answer(stub, ERROR_REQUEST);
}

/* What the actions of a vCont come to. */
struct actions {
    bool steps;
    bool goes_on;
    uint32_t stepped; /* the first that is to step */
    uint32_t only;    /* that goes on, if it is one */
    uint32_t named;   /* how many are to go on by name */
};

static bool parse_action(struct gdb_stub *stub, const char **text, struct actions *actions)
{
    const char kind = **text;
    uint32_t vcpu_id = stub->thread;
    uint8_t signal;
    *text += kind != '\0';
    if (kind != 'c' && kind != 's' && ((kind != 'C' && kind != 'S') || !gdb_parse_bytes(text, &signal, 1))) {
        return false;
    }
    const enum thread_kind thread = gdb_parse_char(text, ':') ? parse_thread(stub, text, &vcpu_id) : THREAD_ANY;
    if (thread == THREAD_BAD) {
        return false;
    }
    if (kind == 's' || kind == 'S') {
        actions->stepped = actions->steps ? actions->stepped : vcpu_id;
        actions->steps = true;
    } else {
        actions->goes_on = actions->goes_on || thread == THREAD_ANY;
        actions->only = vcpu_id;
        actions->named += thread == THREAD_ONE;
    }
    return true;
}

static void resume(struct gdb_stub *stub, const char *text)
{
    struct actions actions = {0};
    bool is_good = is_stopped(stub);
    while (is_good && gdb_parse_char(&text, ';')) {
        is_good = parse_action(stub, &text, &actions);
    }
    if (!is_good || *text != '\0' || !(actions.steps || actions.goes_on || actions.named != 0)) {
        answer(stub, ERROR_REQUEST);
    } else if (actions.steps) {
        step(stub, actions.stepped);
    } else {
        go_on(stub, actions.goes_on || actions.named > 1 ? UINT32_MAX : actions.only);
    }
}

static void what_resumes(struct gdb_stub *stub, const char *text)
{
    (void)text;
    answer(stub, "vCont;c;C;s;S");
}

static void detach(struct gdb_stub *stub, const char *text)
{
    (void)text;
    answer(stub, OK);
    stub->is_physical = false;
    stub->awaits = GDB_AWAITS_NOTHING;
    debug_detach(&stub->debug);
}

static void kill_guest(struct gdb_stub *stub, const char *text)
{
    (void)text;
    answer(stub, OK);
    debug_kill(&stub->debug);
}

/* Registers. */

static size_t register_bytes(uint32_t n)
{
    return n == DEBUG_REG_PSTATE ? PSTATE_BYTES : sizeof(uint64_t);
}

static void read_registers(struct gdb_stub *stub, const char *text)
{
    (void)text;
    if (!is_stopped(stub)) {
        answer(stub, ERROR_STATE);
        return;
    }
    for (uint32_t n = 0; n < DEBUG_REG_EL1; n++) {
        uint64_t value = 0;
        (void)debug_regs_get(stub->thread, n, &value);
        gdb_output_hex_bytes(&stub->output, (const uint8_t *)&value, register_bytes(n));
    }
}

static void write_registers(struct gdb_stub *stub, const char *text)
{
    bool is_good = is_stopped(stub);
    for (uint32_t n = 0; n < DEBUG_REG_EL1 && is_good; n++) {
        uint64_t value = 0;
        is_good =
            gdb_parse_bytes(&text, (uint8_t *)&value, register_bytes(n)) && debug_regs_set(stub->thread, n, value);
    }
    answer(stub, is_good ? OK : ERROR_REQUEST);
}

static void read_register(struct gdb_stub *stub, const char *text)
{
    uint64_t n;
    uint64_t value;
    if (!is_stopped(stub) || !gdb_parse_number(&text, &n) || n >= debug_regs_count() ||
        !debug_regs_get(stub->thread, (uint32_t)n, &value)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    gdb_output_hex_bytes(&stub->output, (const uint8_t *)&value, register_bytes((uint32_t)n));
}

static void write_register(struct gdb_stub *stub, const char *text)
{
    uint64_t n;
    uint64_t value = 0;
    const bool is_good = is_stopped(stub) && gdb_parse_number(&text, &n) && n < debug_regs_count() &&
                         gdb_parse_char(&text, '=') &&
                         gdb_parse_bytes(&text, (uint8_t *)&value, register_bytes((uint32_t)n)) &&
                         debug_regs_set(stub->thread, (uint32_t)n, value);
    answer(stub, is_good ? OK : ERROR_REQUEST);
}

/* Memory. */

static bool parse_range(const char **text, uint64_t *at, uint64_t *count)
{
    return gdb_parse_number(text, at) && gdb_parse_char(text, ',') && gdb_parse_number(text, count) &&
           *count <= READ_BYTES_MAX;
}

static void read_memory(struct gdb_stub *stub, const char *text)
{
    uint8_t bytes[READ_BYTES_MAX];
    uint64_t at, count;
    if (!parse_range(&text, &at, &count)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    const size_t done = debug_read(&stub->debug, stub->thread, stub->is_physical, at, bytes, count);
    if (done == 0 && count != 0) {
        answer(stub, ERROR_MEMORY);
    }
    gdb_output_hex_bytes(&stub->output, bytes, done);
}

static void write_memory(struct gdb_stub *stub, const char *text)
{
    uint8_t bytes[READ_BYTES_MAX];
    uint64_t at, count;
    if (!is_stopped(stub) || !parse_range(&text, &at, &count) || !gdb_parse_char(&text, ':') ||
        !gdb_parse_bytes(&text, bytes, count)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    const size_t done = debug_write(&stub->debug, stub->thread, stub->is_physical, at, bytes, count);
    answer(stub, done == count ? OK : ERROR_MEMORY);
}

static void add_breakpoint(struct gdb_stub *stub, const char *text)
{
    uint64_t va;
    if (!is_stopped(stub) || !gdb_parse_number(&text, &va)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    switch (debug_add_breakpoint(&stub->debug, stub->thread, va)) {
    case RESULT_OK:
        answer(stub, OK);
        break;
    case RESULT_FULL:
        answer(stub, ERROR_ROOM);
        break;
    default:
        answer(stub, ERROR_REQUEST);
        break;
    }
}

static void remove_breakpoint(struct gdb_stub *stub, const char *text)
{
    uint64_t va;
    if (!is_stopped(stub) || !gdb_parse_number(&text, &va)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    (void)breakpoint_remove(&stub->debug.breakpoints, va);
    answer(stub, OK);
}

/* About the stub. */

static void supported(struct gdb_stub *stub, const char *text)
{
    (void)text;
    answer(stub, SUPPORTED);
}

static void attached(struct gdb_stub *stub, const char *text)
{
    (void)text;
    answer(stub, "1");
}

static void describe_target(struct gdb_stub *stub, const char *text)
{
    uint64_t offset, count;
    if (!gdb_parse_number(&text, &offset) || !gdb_parse_char(&text, ',') || !gdb_parse_number(&text, &count)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    gdb_target_write(&stub->output, offset, count);
}

static void run_command(struct gdb_stub *stub, const char *text)
{
    char command[COMMAND_BYTES] = "";
    const size_t count = strlen(text) / 2;
    if (count >= sizeof command || !gdb_parse_bytes(&text, (uint8_t *)command, count)) {
        answer(stub, ERROR_REQUEST);
        return;
    }
    stub->awaits = GDB_AWAITS_NOTHING;
    debug_interrupt(&stub->debug);
    gdb_monitor(stub, command);
}

typedef void (*request_t)(struct gdb_stub *stub, const char *text);

/* By what a request begins with; a longer name comes before one that it begins with. */
static const struct {
    const char *name;
    request_t handle;
} requests[] = {
    {"qSupported", supported},
    {"qXfer:features:read:target.xml:", describe_target},
    {"qfThreadInfo", first_threads},
    {"qsThreadInfo", further_threads},
    {"qThreadExtraInfo,", describe_thread},
    {"qAttached", attached},
    {"qRcmd,", run_command},
    {"qC", current_thread},
    {"vCont?", what_resumes},
    {"vCont", resume},
    {"vKill", kill_guest},
    {"Z0,", add_breakpoint},
    {"z0,", remove_breakpoint},
    {"?", why_stopped},
    {"c", continue_at},
    {"C", continue_with_signal},
    {"D", detach},
    {"g", read_registers},
    {"G", write_registers},
    {"H", set_thread},
    {"k", kill_guest}, /* the answer does no harm */
    {"m", read_memory},
    {"M", write_memory},
    {"p", read_register},
    {"P", write_register},
    {"s", step_at},
    {"S", step_with_signal},
    {"T", is_alive},
};

void gdb_request(struct gdb_stub *stub, const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        const char *rest = text;
        if (gdb_parse_word(&rest, requests[i].name)) {
            requests[i].handle(stub, rest);
            return;
        }
    }
}
