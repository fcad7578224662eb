/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The serial virtualiser between a mock line and clients: what the line shows, who gets the input, and that a hostile
 * client disturbs no other.
 */
#include <pthread.h>
#include <stddef.h>

/* What the virtualiser reads of a counter, the other side may change at once: see race(). */
static void race(const volatile void *at);
#define __atomic_load_n(at, order)                                                                                     \
    __extension__({                                                                                                    \
        const __typeof__(*(at)) loaded_ = __atomic_load_n(at, order);                                                  \
        race(at);                                                                                                      \
        loaded_;                                                                                                       \
    })

#include "unit.h"

#include "../../../apps/drivers/serial/serial_virt.c"
#include "hostile.h"

#define RING_BYTES 128
#define COUNT      3
#define ROUNDS     20000
#define OUTPUT_MAX (UINT64_C(1) << 32) /* characters: input that has not come by then does not come */

static struct sddf_serial line_rx, line_tx;
static struct sddf_serial rx[COUNT], tx[COUNT];
static char shown[1 << 20];
static size_t shown_length;

static uint32_t ring_bytes = RING_BYTES;
static unsigned looks_left; /* 0: no race */

/* The line takes all that there is when the virtualiser has looked so often how much room there is. */
static void race(const volatile void *at)
{
    if (looks_left != 0 && at == driver_tx.counter.other && --looks_left == 0) {
        shown_length += sddf_serial_read(&line_tx, &shown[shown_length], ring_bytes);
    }
}

static struct sddf_serial_connection make_connection(void)
{
    return (struct sddf_serial_connection){.queue = make_region(16), .data = make_region(ring_bytes)};
}

static void start(enum serial_style style, unsigned count)
{
    static const char *const names[COUNT] = {"alice", "bob", "mallory"};

    memset(&config, 0, sizeof(config));
    memcpy(config.magic, "LVMM\1", 5);
    config.client_count = (uint8_t)count;
    config.style = style;
    config.driver_rx = make_connection();
    config.driver_tx = make_connection();
    assert_true(sddf_serial_open(&line_rx, &config.driver_rx, SDDF_PRODUCER));
    assert_true(sddf_serial_open(&line_tx, &config.driver_tx, SDDF_CONSUMER));
    for (unsigned i = 0; i < COUNT; i++) {
        memcpy(config.clients[i].name, names[i], strlen(names[i]));
        config.clients[i].rx = make_connection();
        config.clients[i].tx = make_connection();
        assert_true(sddf_serial_open(&rx[i], &config.clients[i].rx, SDDF_CONSUMER));
        assert_true(sddf_serial_open(&tx[i], &config.clients[i].tx, SDDF_PRODUCER));
    }
    speaker = 0;
    turn_left = TURN_BYTES;
    has_spoken = false;
    is_line_start = true;
    listener = 0;
    is_key_seen = false;
    shown_length = 0;
    client_count = 0;
    init();
    assert_int_equal(client_count, count);
}

static int teardown(void **unused)
{
    (void)unused;
    free_region(config.driver_rx.queue);
    free_region(config.driver_rx.data);
    free_region(config.driver_tx.queue);
    free_region(config.driver_tx.data);
    for (unsigned i = 0; i < COUNT; i++) {
        free_region(config.clients[i].rx.queue);
        free_region(config.clients[i].rx.data);
        free_region(config.clients[i].tx.queue);
        free_region(config.clients[i].tx.data);
    }
    return 0;
}

static void say(unsigned who, const char *text)
{
    assert_int_equal(sddf_serial_write(&tx[who], text, (uint32_t)strlen(text)), strlen(text));
}

/* The line takes what there is, until nothing more comes. */
static const char *show(void)
{
    uint32_t taken;
    do {
        notified(0);
        taken = sddf_serial_read(&line_tx, &shown[shown_length], (uint32_t)(sizeof(shown) - 1 - shown_length));
        shown_length += taken;
    } while (taken != 0);
    shown[shown_length] = 0;
    return shown;
}

static void type(const char *text)
{
    assert_int_equal(sddf_serial_write(&line_rx, text, (uint32_t)strlen(text)), strlen(text));
    notified(0);
}

static const char *input_of(unsigned who)
{
    static char text[RING_BYTES + 1];
    text[sddf_serial_read(&rx[who], text, RING_BYTES)] = 0;
    return text;
}

static void test_one_client_is_unmarked(void **unused)
{
    (void)unused;
    start(SERIAL_STYLE_COLOUR, 1);
    say(0, "hello\nworld");
    assert_string_equal(show(), "hello\nworld");
}

static void test_colours(void **unused)
{
    (void)unused;
    start(SERIAL_STYLE_COLOUR, 2);
    say(0, "one\ntwo\n");
    say(1, "eins\n");
    assert_string_equal(show(), "\033[31mone\n\033[32meins\n\033[31mtwo\n");
}

static void test_prefixes(void **unused)
{
    (void)unused;
    start(SERIAL_STYLE_PREFIX, 2);
    say(0, "one\ntw");
    assert_string_equal(show(), "alice: one\nalice: tw");
    say(1, "eins\n");
    say(0, "o\n");
    assert_string_equal(show(), "alice: one\nalice: two\nbob: eins\n");
    say(0, "half");
    (void)show();
    say(1, "ganz\n");
    assert_non_null(strstr(show(), "alice: half\r\nbob: ganz\n"));
}

static void test_more_than_a_ring(void **unused)
{
    (void)unused;
    start(SERIAL_STYLE_PLAIN, 2);
    for (unsigned i = 0; i < 100; i++) {
        say(0, "0123456789012345678901234567890123456789012345678901234567890123456789\n");
        (void)show();
    }
    assert_int_equal(shown_length, 7100);
}

static void test_input_goes_where_it_is_meant(void **unused)
{
    (void)unused;
    start(SERIAL_STYLE_PLAIN, 2);
    type("abc\0341de");
    assert_string_equal(input_of(0), "abc");
    assert_string_equal(input_of(1), "de");
    type("f\034");
    type("\034g\0347\034xh"); /* itself; no such client; no digit */
    assert_string_equal(input_of(1), "f\034gh");
    assert_string_equal(input_of(0), "");
}

static void test_input_waits_for_a_client_that_does_not_read(void **unused)
{
    (void)unused;
    char text[RING_BYTES / 2 + 1];
    memset(text, 'x', sizeof(text));
    text[RING_BYTES / 2] = 0;
    start(SERIAL_STYLE_PLAIN, 2);
    type(text);
    type(text);
    type(text);
    assert_int_equal(sddf_serial_available(&line_rx), RING_BYTES / 2);
    assert_int_equal(strlen(input_of(0)), RING_BYTES);
    notified(0);
    assert_int_equal(strlen(input_of(0)), RING_BYTES / 2);
    /* And one that never reads can be left. */
    type(text);
    type(text);
    type(text);
    type("\0341bob");
    assert_string_equal(input_of(1), "bob");
    assert_int_equal(listener, 1);
}

static void be_hostile(void)
{
    scribble(config.clients[2].rx.queue, UINT64_MAX);
    scribble(config.clients[2].tx.queue, UINT64_MAX);
    memset(config.clients[2].tx.data.vaddr, '.', RING_BYTES);
    if (any() % 2 == 0) {
        *(uint32_t *)config.clients[2].tx.queue.vaddr = clients[2].tx.counter.own + (uint32_t)(any() % RING_BYTES);
    }
}

static void test_a_hostile_client(void **unused)
{
    (void)unused;
    unsigned said = 0, seen = 0, typed = 0, read = 0;

    start(SERIAL_STYLE_PLAIN, 3);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (sddf_serial_available(&tx[1]) >= 8) {
            say(1, "bob\n");
            said++;
        }
        be_hostile();
        shown_length = 0;
        for (const char *at = show(); (at = strstr(at, "bob\n")) != NULL; at++) {
            seen++;
        }
        type(i % 2 == 0 ? "\0341y" : "\0342z");
        typed += i % 2 == 0;
        read += (unsigned)strlen(input_of(1));
    }
    assert_int_equal(read, typed);
    assert_int_equal(said, ROUNDS);
    assert_int_equal(seen, said);
}

/* As much output as there is room for, as lines or without end. */
static void flood(unsigned who, bool has_lines)
{
    static const char lines[] = "xxxxxxx\n";
    while (sddf_serial_available(&tx[who]) != 0) {
        const char character = has_lines ? lines[tx[who].counter.own % 8] : 'y';
        (void)sddf_serial_write(&tx[who], &character, 1);
    }
}

/* A UART that takes less at a time than one client has: every client is served. */
static void test_turns_on_a_slow_line(void **unused)
{
    (void)unused;
    for (unsigned quiet = 0; quiet < COUNT; quiet++) {
        start(SERIAL_STYLE_PLAIN, COUNT);
        say(quiet, "bob\n");
        for (unsigned i = 0; i < 2 * TURN_BYTES / 10 && sddf_serial_available(&tx[quiet]) != RING_BYTES; i++) {
            flood((quiet + 1) % COUNT, false);
            flood((quiet + 2) % COUNT, true);
            notified(0);
            (void)sddf_serial_read(&line_tx, shown, 10);
        }
        assert_int_equal(sddf_serial_available(&tx[quiet]), RING_BYTES);
        (void)teardown(NULL);
    }
    start(SERIAL_STYLE_PLAIN, COUNT); /* for the teardown */
}

/* A line that makes room while the virtualiser looks: a piece is no longer than what was looked at. */
static void test_room_that_grows_meanwhile(void **unused)
{
    enum {
        TEXT_BYTES = 4 * PIECE_BYTES,
        LITTLE_ROOM = MARKS_BYTES + 8,
        LOOKS = 8
    };
    static char text[TEXT_BYTES + 1];

    memset(text, 'x', TEXT_BYTES);
    ring_bytes = TEXT_BYTES;
    for (unsigned looks = 1; looks <= LOOKS; looks++) {
        start(SERIAL_STYLE_PLAIN, 1);
        assert_int_equal(sddf_serial_write(&driver_tx, text, TEXT_BYTES - LITTLE_ROOM), TEXT_BYTES - LITTLE_ROOM);
        say(0, text);
        looks_left = looks;
        notified(0);
        looks_left = 0;
        (void)show();
        assert_int_equal(shown_length, 2 * TEXT_BYTES - LITTLE_ROOM);
        assert_int_equal(strspn(shown, "x"), shown_length);
        if (looks != LOOKS) {
            (void)teardown(unused);
        }
    }
    ring_bytes = RING_BYTES;
}

/* A client that never ends and a line that takes everything, each on another core. */
static bool is_input_there;

static void *speak_for_ever(void *unused)
{
    (void)unused;
    static const char text[] = "some words, and a line\n";
    while (!__atomic_load_n(&is_input_there, __ATOMIC_RELAXED)) {
        (void)sddf_serial_write(&tx[1], text, sizeof text - 1);
    }
    return NULL;
}

static void *take_for_ever(void *unused)
{
    (void)unused;
    char taken[RING_BYTES];
    uint64_t count = 0;
    while (!__atomic_load_n(&is_input_there, __ATOMIC_RELAXED) && count < OUTPUT_MAX) {
        count += sddf_serial_read(&line_tx, taken, RING_BYTES);
        if (sddf_serial_available(&rx[0]) != 0) {
            __atomic_store_n(&is_input_there, true, __ATOMIC_RELAXED);
        }
    }
    assert_true(count < OUTPUT_MAX);
    return NULL;
}

static void test_output_without_end_does_not_keep_input_waiting(void **unused)
{
    pthread_t client, line;
    (void)unused;

    start(SERIAL_STYLE_PLAIN, 2);
    is_input_there = false;
    assert_int_equal(sddf_serial_write(&line_rx, "k", 1), 1);
    assert_int_equal(pthread_create(&line, NULL, take_for_ever, NULL), 0);
    assert_int_equal(pthread_create(&client, NULL, speak_for_ever, NULL), 0);
    while (!__atomic_load_n(&is_input_there, __ATOMIC_RELAXED)) {
        notified(0);
    }
    (void)pthread_join(client, NULL);
    (void)pthread_join(line, NULL);
    assert_string_equal(input_of(0), "k");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_one_client_is_unmarked, teardown),
        cmocka_unit_test_teardown(test_colours, teardown),
        cmocka_unit_test_teardown(test_prefixes, teardown),
        cmocka_unit_test_teardown(test_more_than_a_ring, teardown),
        cmocka_unit_test_teardown(test_input_goes_where_it_is_meant, teardown),
        cmocka_unit_test_teardown(test_input_waits_for_a_client_that_does_not_read, teardown),
        cmocka_unit_test_teardown(test_a_hostile_client, teardown),
        cmocka_unit_test_teardown(test_turns_on_a_slow_line, teardown),
        cmocka_unit_test_teardown(test_room_that_grows_meanwhile, teardown),
        cmocka_unit_test_teardown(test_output_without_end_does_not_keep_input_waiting, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
