/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What all drivers of UARTs share, between a mock device and a mock virtualiser: nothing is lost, interrupts are
 * unmasked when they are needed, and neither direction keeps the other waiting.
 */
#include "unit.h"

#include "../../../apps/drivers/serial/uart.c"
#include "fake_microkit.h"
#include "hostile.h"

#define RING_BYTES 512
#define IRQ        5
#define ROUNDS     20000

static struct sddf_serial virt_rx, virt_tx;
static unsigned input_left; /* characters on their way in */
static uint8_t input_next;
static unsigned room; /* of the device's FIFO */
static bool is_endless, is_wrong;
static uint8_t sent[1 << 16];
static unsigned sent_count;
static bool unmasked_rx, unmasked_tx;
static uint32_t started_hz, started_baud;

void uart_start(uint32_t clock_hz, uint32_t baud)
{
    started_hz = clock_hz;
    started_baud = baud;
}

void uart_clear_interrupts(void)
{
}

void uart_unmask(bool rx_wanted, bool tx_wanted)
{
    unmasked_rx = rx_wanted;
    unmasked_tx = tx_wanted;
}

bool uart_has_received(void)
{
    return input_left != 0;
}

bool uart_receive(uint8_t *character)
{
    assert_int_not_equal(input_left, 0);
    input_left--;
    *character = input_next++;
    return !is_wrong;
}

bool uart_has_room(void)
{
    return room != 0;
}

/* An endless client puts more as soon as there is room, until what was typed has come. */
void uart_send(uint8_t character)
{
    assert_int_not_equal(room, 0);
    sent[sent_count++ % sizeof sent] = character;
    if (is_endless) {
        is_endless = sddf_serial_available(&virt_rx) == 0;
        input_left += sent_count == 10;
        assert_true(sent_count < 10 * RING_BYTES);
        (void)sddf_serial_write(&virt_tx, "x", 1);
    } else {
        room--;
    }
}

static int set_up(void **unused)
{
    (void)unused;
    memset(&config, 0, sizeof config);
    memset(&line, 0, sizeof line);
    memcpy(config.magic, "sDDF\3", 5);
    config.rx_enabled = true;
    config.rx = (struct sddf_serial_connection){make_region(16), make_region(RING_BYTES), 1};
    config.tx = (struct sddf_serial_connection){make_region(16), make_region(RING_BYTES), 2};
    assert_true(sddf_serial_open(&virt_rx, &config.rx, SDDF_CONSUMER));
    assert_true(sddf_serial_open(&virt_tx, &config.tx, SDDF_PRODUCER));
    irq_channel = IRQ;
    input_left = 0;
    input_next = 0;
    room = 16;
    is_endless = false;
    is_wrong = false;
    sent_count = 0;
    is_rx_wanted = false;
    is_tx_wanted = false;
    init();
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    free_region(config.rx.queue);
    free_region(config.rx.data);
    free_region(config.tx.queue);
    free_region(config.tx.data);
    return 0;
}

static void test_characters_go_out(void **unused)
{
    (void)unused;
    char text[100];
    memset(text, 'a', sizeof text);
    assert_int_equal(sddf_serial_write(&virt_tx, text, sizeof text), sizeof text);
    for (unsigned done = 0; done < sizeof text; done += 16) {
        notified(done == 0 ? 2 : IRQ);
        assert_int_equal(sent_count, MIN(done + 16, sizeof text));
        assert_int_equal(unmasked_tx, sent_count < sizeof text);
        room = 16;
    }
    assert_memory_equal(sent, text, sizeof text);
}

static void test_characters_come_in(void **unused)
{
    (void)unused;
    uint8_t text[RING_BYTES];

    assert_true(unmasked_rx);
    input_left = RING_BYTES + 10;
    notified(IRQ);
    assert_int_equal(input_left, 10);
    assert_false(unmasked_rx); /* until there is room */
    assert_int_equal(sddf_serial_read(&virt_rx, text, 5), 5);
    assert_true(sddf_serial_producer_waits(&virt_rx));
    notified(1);
    assert_int_equal(input_left, 5);
    assert_int_equal(sddf_serial_read(&virt_rx, text, RING_BYTES), RING_BYTES);
    notified(1);
    assert_true(unmasked_rx);
    assert_int_equal(input_left, 0);
    is_wrong = true;
    input_left = 1;
    notified(IRQ);
    assert_int_equal(sddf_serial_available(&virt_rx), 5);
}

static void test_output_without_end_does_not_keep_input_waiting(void **unused)
{
    (void)unused;
    is_endless = true;
    (void)sddf_serial_write(&virt_tx, "xxxx", 4);
    notified(IRQ);
    assert_int_equal(sddf_serial_available(&virt_rx), 1);
    assert_false(is_endless);
}

static void test_the_speed_is_what_the_description_says(void **unused)
{
    (void)unused;
    assert_int_equal(started_baud, 0);
    memcpy(line.magic, "LVMM\1", 5);
    line.clock_hz = 48000000;
    init();
    assert_int_equal(started_hz, 0);
    line.baud = 9600;
    init();
    assert_int_equal(started_hz, 48000000);
    assert_int_equal(started_baud, 9600);
}

static void test_a_hostile_virtualiser(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < ROUNDS; i++) {
        scribble(any() % 2 == 0 ? config.rx.queue : config.tx.queue, UINT64_MAX);
        input_left = (unsigned)(any() % 20);
        room = (unsigned)(any() % 20);
        notified(i % 3);
        notified(IRQ);
    }
}

static void test_an_unusable_configuration(void **unused)
{
    (void)unused;
    rx.queue = NULL;
    config.rx.data.size = 100;
    init();
    assert_true(fake_log_has("is not filled in"));
    notified(IRQ);
    config.rx.data.size = RING_BYTES;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_characters_go_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_characters_come_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_output_without_end_does_not_keep_input_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_speed_is_what_the_description_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_hostile_virtualiser, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_unusable_configuration, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
