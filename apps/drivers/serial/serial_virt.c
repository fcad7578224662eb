/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Serial virtualiser: shares a serial line among clients.
 *
 * Output: a client keeps the line until it has no more, has ended a line or has used up its turn. With several clients,
 * each has a colour, or its name before each line, or nothing (`style`). Apart from these marks, every character of a
 * client reaches the line, in order.
 *
 * Input goes to one client. KEY and a digit choose another one, KEY twice is KEY itself. When the client does not read,
 * input waits on its way from the device, and nothing is lost; KEY is looked for in what waits, and choosing another
 * client discards what the first one has left unread.
 *
 * However much there is of one, output and input do not keep each other waiting: each has its turn.
 *
 * Clients are not trusted: each can spoil only its own input and output. What it writes goes to the terminal as it is,
 * escape sequences included.
 */
#include <libvmm/sddf/serial.h>
#include <libvmm/util/util.h>

#include "config.h"

#define KEY         0x1c /* Ctrl-\ */
#define TURN_BYTES  1024
#define PIECE_BYTES 256u /* of a turn, copied at once */
#define PIECES_MAX  16   /* of input, before output has its turn */
#define TURNS_MAX   16   /* of every client, before input has its turn */
#define MARKS_BYTES 40   /* a change of clients adds no more than this */

struct client {
    struct sddf_serial rx;
    struct sddf_serial tx;
};

CONFIG_SECTION(".serial_virt_config") struct serial_virt_config config;

static struct sddf_serial driver_rx;
static struct sddf_serial driver_tx;
static struct client clients[CONFIG_CLIENTS_MAX];
static unsigned client_count; /* 0: not usable */

static unsigned speaker;                /* whose output was last */
static uint32_t turn_left = TURN_BYTES; /* characters that the speaker may go on with before others have their turn */
static bool has_spoken;
static bool is_line_start = true;
static unsigned listener; /* who gets the input */
static bool is_key_seen;

static void emit(const char *text, size_t length)
{
    (void)sddf_serial_write(&driver_tx, text, (uint32_t)length);
}

static void emit_text(const char *text)
{
    emit(text, strlen(text));
}

/* What goes before the output of client `who`. */
static void emit_marks(unsigned who)
{
    bool is_new = who != speaker || !has_spoken;
    char colour[] = "\033[31m";

    speaker = who;
    has_spoken = true;
    if (config.style == SERIAL_STYLE_COLOUR && is_new && client_count > 1) {
        colour[3] = (char)('1' + who % 6);
        emit_text(colour);
    }
    if (config.style == SERIAL_STYLE_PREFIX && (is_new || is_line_start)) {
        emit_text(is_line_start ? "" : "\r\n");
        emit(config.clients[who].name, strnlen(config.clients[who].name, CONFIG_NAME_BYTES));
        emit_text(": ");
    }
}

/*
 * Copies what a client says next, up to the end of a line, and no more than the line takes. What is looked at is the
 * copy, which the client cannot change. Answers how much it is.
 */
static uint32_t listen(struct sddf_serial *tx, char text[PIECE_BYTES], uint32_t bytes_max)
{
    uint8_t *bytes;
    uint32_t length = sddf_serial_piece(tx, &bytes);
    if (length == 0) {
        return 0;
    }
    const uint32_t room = sddf_serial_room_besides(&driver_tx, MARKS_BYTES);
    length = MIN(MIN(length, room), MIN(bytes_max, PIECE_BYTES));
    if (length == 0) {
        return 0;
    }
    memcpy(text, bytes, length);
    const char *end = memchr(text, '\n', length);
    return end != NULL ? (uint32_t)(end - text) + 1 : length;
}

/* A turn of a client, or what the speaker has left of its own: at most up to the end of a line. */
static uint32_t speak(unsigned who)
{
    struct sddf_serial *tx = &clients[who].tx;
    uint32_t left = who == speaker && turn_left != 0 ? turn_left : TURN_BYTES;
    uint32_t done = 0;
    char text[PIECE_BYTES];
    uint32_t length = listen(tx, text, left);
    if (length != 0) {
        emit_marks(who);
    }
    while (length != 0) {
        emit(text, length);
        sddf_serial_advance(tx, length);
        done += length;
        is_line_start = text[length - 1] == '\n';
        left = is_line_start ? 0 : left - length;
        turn_left = left;
        length = listen(tx, text, left);
    }
    if (done != 0 && sddf_serial_producer_waits(tx)) {
        microkit_notify(tx->channel);
    }
    return done;
}

/*
 * Everybody in turn, TURNS_MAX times at most. When the line takes no more in the middle of a turn, that is what it goes
 * on with. Answers whether there may be more to say.
 */
static bool pump_output(void)
{
    bool has_written = false;
    bool is_busy = true;

    for (unsigned left = TURNS_MAX; is_busy && left != 0; left--) {
        const unsigned first = turn_left != 0 ? speaker : speaker + 1;
        is_busy = false;
        for (unsigned i = 0; i < client_count; i++) {
            is_busy = speak((first + i) % client_count) != 0 || is_busy;
        }
        has_written = has_written || is_busy;
    }
    if (has_written) {
        microkit_notify(driver_tx.channel);
    }
    return is_busy;
}

static void announce(unsigned who)
{
    if (sddf_serial_available(&driver_tx) > MARKS_BYTES) {
        emit_text("\r\n[input: ");
        emit(config.clients[who].name, strnlen(config.clients[who].name, CONFIG_NAME_BYTES));
        emit_text("]\r\n");
        is_line_start = true;
        microkit_notify(driver_tx.channel);
    }
}

/* The character after KEY; false: the listener's ring is full. */
static bool take_command(uint8_t command)
{
    if (command == KEY) {
        uint8_t key = KEY;
        if (sddf_serial_write(&clients[listener].rx, &key, 1) == 0) {
            return false;
        }
        microkit_notify(clients[listener].rx.channel);
    } else if (command >= '0' && command < '0' + client_count) {
        listener = command - (unsigned)'0';
        announce(listener);
    }
    is_key_seen = false;
    return true;
}

/* Takes some input from a piece of what waits; answers how much, 0 when the listener's ring is full. */
static uint32_t take_input(const uint8_t *bytes, uint32_t length)
{
    if (is_key_seen) {
        return take_command(bytes[0]) ? 1 : 0;
    }
    if (bytes[0] == KEY) {
        is_key_seen = true;
        return 1;
    }
    const uint8_t *key = memchr(bytes, KEY, length);
    uint32_t run = key != NULL ? (uint32_t)(key - bytes) : length;
    uint32_t written = sddf_serial_write(&clients[listener].rx, bytes, run);
    if (written != 0) {
        microkit_notify(clients[listener].rx.channel);
    }
    return written;
}

/* How much of what waits is before KEY and a digit that chooses another client; 0: there is none. */
static uint32_t find_choice(void)
{
    uint32_t available = sddf_serial_available(&driver_rx);
    uint8_t before = 0;

    for (uint32_t i = is_key_seen ? 1 : 0; i < available; i++) {
        uint8_t byte = driver_rx.data[sddf_counter32_index(&driver_rx.counter, i)];
        if (before == KEY && byte >= '0' && byte < '0' + client_count && byte != '0' + listener) {
            return i - 1;
        }
        before = before == KEY ? 0 : byte;
    }
    return 0;
}

/* Takes what waits, PIECES_MAX pieces at most. Answers whether there may be more to take. */
static bool pump_input(void)
{
    unsigned left = PIECES_MAX;
    bool is_read = false;
    uint8_t *bytes;
    uint32_t length = sddf_serial_piece(&driver_rx, &bytes);

    for (; length != 0 && left != 0; left--) {
        uint32_t taken = take_input(bytes, length);
        if (taken == 0 && sddf_serial_wait_for_room(&clients[listener].rx)) {
            taken = find_choice();
            is_key_seen = is_key_seen && taken == 0;
            if (taken == 0) {
                break;
            }
        }
        sddf_serial_advance(&driver_rx, taken);
        is_read = is_read || taken != 0;
        length = sddf_serial_piece(&driver_rx, &bytes);
    }
    if (is_read && sddf_serial_producer_waits(&driver_rx)) {
        microkit_notify(driver_rx.channel);
    }
    return left == 0;
}

static void pump(void)
{
    bool is_busy = true;

    while (is_busy) {
        is_busy = pump_output();
        is_busy = pump_input() || is_busy;
    }
}

static bool open_all(void)
{
    if (!config_is_filled_in(config.magic) || config.client_count > CONFIG_CLIENTS_MAX ||
        config.driver_tx.data.size <= MARKS_BYTES || !sddf_serial_open(&driver_rx, &config.driver_rx, SDDF_CONSUMER) ||
        !sddf_serial_open(&driver_tx, &config.driver_tx, SDDF_PRODUCER)) {
        return false;
    }
    for (unsigned i = 0; i < config.client_count; i++) {
        if (!sddf_serial_open(&clients[i].rx, &config.clients[i].rx, SDDF_PRODUCER) ||
            !sddf_serial_open(&clients[i].tx, &config.clients[i].tx, SDDF_CONSUMER)) {
            return false;
        }
    }
    return true;
}

void init(void)
{
    if (!open_all()) {
        LOG_VMM_ERR("section .serial_virt_config is not filled in, or its regions hold no rings\n");
        return;
    }
    client_count = config.client_count;
    pump();
}

void notified(microkit_channel channel)
{
    (void)channel;
    if (client_count != 0) {
        pump();
    }
}
