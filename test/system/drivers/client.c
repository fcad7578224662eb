/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* See client.h. */
#include "client.h"

#define LINE_BYTES 64
#define TALK_BYTES 40                /* a line of talk has no more */
#define DONE_BYTES (LINE_BYTES + 40) /* nor has the line that ends a job, for which there is always room */

__attribute__((section(SDDF_SERIAL_CLIENT_CONFIG), used)) struct sddf_serial_client_config config;

struct sddf_serial console_rx;
struct sddf_serial console_tx;

static job_t job;
static char line[LINE_BYTES];
static unsigned line_length;
static unsigned todo; /* of echo and talk */
static unsigned talked;

void say(const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    size_t length = (size_t)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (sddf_serial_write(&console_tx, text, (uint32_t)length) != length) {
        LOG_VMM_ERR("BAD no room for: %s", text);
    }
    microkit_notify(console_tx.channel);
}

static uint32_t take_input(void *to, uint32_t count)
{
    uint32_t taken = sddf_serial_read(&console_rx, to, count);
    if (taken != 0 && sddf_serial_producer_waits(&console_rx)) {
        microkit_notify(console_rx.channel);
    }
    return taken;
}

/* Sends back the next `todo` characters. */
static bool echo_step(void)
{
    while (todo != 0) {
        uint8_t bytes[128];
        uint32_t room = sddf_serial_room_besides(&console_tx, DONE_BYTES);
        uint32_t taken = take_input(bytes, MIN(MIN(room, sizeof(bytes)), todo));
        if (taken == 0) {
            return false;
        }
        (void)sddf_serial_write(&console_tx, bytes, taken);
        microkit_notify(console_tx.channel);
        todo -= taken;
    }
    return true;
}

static job_t echo_start(unsigned count, unsigned unused)
{
    (void)unused;
    todo = count;
    return echo_step;
}

/* Writes `todo` lines with their numbers. */
static bool talk_step(void)
{
    while (talked < todo) {
        if (sddf_serial_room_besides(&console_tx, DONE_BYTES + TALK_BYTES) == 0) {
            return false;
        }
        say("%s says line %06u\n", microkit_name, talked);
        talked++;
    }
    return true;
}

static job_t talk_start(unsigned count, unsigned unused)
{
    (void)unused;
    todo = count;
    talked = 0;
    return talk_step;
}

static const struct {
    const char *name;
    job_t (*start)(unsigned a, unsigned b);
} commands[] = {
    {"echo", echo_start},         /* COUNT: sends the next COUNT characters back */
    {"talk", talk_start},         /* COUNT: writes so many lines */
    {"verify", blk_verify},       /* SEED ROUNDS: writes blocks and reads them back */
    {"range", blk_out_of_range},  /* [1]: wrong requests; 1: and a write, the disk being read-only */
    {"status", blk_status},       /* BLOCK CODE: one request, and how it ended */
    {"barrier", blk_barrier},     /* a barrier between writes and reads of the same block */
    {"ping", net_ping},           /* COUNT BYTES: pings the gateway of QEMU's network */
    {"broadcast", net_broadcast}, /* a frame to all */
    {"send", net_to_peer},        /* N COUNT: numbered frames to the client whose address ends in N */
    {"heard", net_heard},         /* tells what came by the two above */
    {"timer", timer_test},        /* COUNT US: so many timeouts */
};

static unsigned number_at(const char **at)
{
    unsigned value = 0;
    while (**at == ' ') {
        (*at)++;
    }
    while (**at >= '0' && **at <= '9') {
        value = value * 10 + (unsigned)(*(*at)++ - '0');
    }
    return value;
}

static void start_job(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        size_t length = strlen(commands[i].name);
        if (strncmp(line, commands[i].name, length) == 0) {
            const char *at = &line[length];
            unsigned a = number_at(&at);
            unsigned b = number_at(&at);
            job = commands[i].start(a, b);
            return;
        }
    }
    say("BAD command %s\n", line);
}

/* Reads the console up to the end of a command. */
static bool read_command(void)
{
    char character;
    while (take_input(&character, 1) == 1) {
        if (character == '\n' || character == '\r') {
            line[line_length] = 0;
            line_length = 0;
            return line[0] != 0;
        }
        if (line_length < LINE_BYTES - 1) {
            line[line_length++] = character;
        }
    }
    return false;
}

static void run(void)
{
    for (;;) {
        if (job == NULL) {
            if (!read_command()) {
                return;
            }
            start_job();
        }
        if (job != NULL) {
            if (!job()) {
                return;
            }
            job = NULL;
            say("%s has done %s\n", microkit_name, line);
        }
    }
}

void init(void)
{
    if (!sddf_magic_is(config.magic, SDDF_SERIAL_VERSION) ||
        !sddf_serial_open(&console_rx, &config.rx, SDDF_CONSUMER) ||
        !sddf_serial_open(&console_tx, &config.tx, SDDF_PRODUCER) || !blk_start() || !net_start()) {
        LOG_VMM_ERR("BAD configuration\n");
        return;
    }
    say("%s is there\n", microkit_name);
}

void notified(microkit_channel channel)
{
    if (channel == timer_channel) {
        timer_notified();
    }
    net_listen();
    run();
}
