/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Shares the machine's PL011 among the guests' serial ports. Each line begins with the number of the guest that printed
 * it. What is typed goes to one guest, the selected one, whose output is shown at once; that of another when its line
 * is complete. A line that was interrupted that way is shown again from its start. SELECT_KEY selects the next guest.
 * When all guests are off, so is the machine.
 */
#include <microkit.h>

#include "line.h"

#define GUEST_COUNT 2
#define SERIAL_CH   GUEST_COUNT /* the guests' channels have their numbers, from 0 */

#define SELECT_KEY 0x14 /* Ctrl-T */

/* PL011 [PL011 3.2]: data, flags, interrupt mask and clear. */
#define UARTDR    (*(volatile uint32_t *)(serial_vaddr + 0x00))
#define UARTFR    (*(volatile uint32_t *)(serial_vaddr + 0x18))
#define UARTCR    (*(volatile uint32_t *)(serial_vaddr + 0x30))
#define UARTIMSC  (*(volatile uint32_t *)(serial_vaddr + 0x38))
#define UARTICR   (*(volatile uint32_t *)(serial_vaddr + 0x44))
#define FR_RXFE   0x10
#define FR_TXFF   0x20
#define CR_ENABLE 0x301 /* UARTEN, TXE, RXE */
#define INT_RX    0x50  /* receive and receive timeout */

#define PSCI_SYSTEM_OFF 0x84000008

#define TEXT_BYTES 160

struct guest {
    struct sddf_serial out, in;
    char text[TEXT_BYTES]; /* the line that the guest is printing, or as much of its end as fits */
    uint32_t text_count;
    uint32_t shown_count; /* of these, how many are on the screen */
    bool is_returned;     /* the last character was a carriage return, which is not yet in the text */
    bool is_off;
};

/* Set from the system description. */
uintptr_t serial_vaddr;
struct line *line0;
struct line *line1;

static struct guest guests[GUEST_COUNT];
static uint32_t selected;
static uint32_t speaker;        /* whose line is on the screen */
static bool is_new_line = true; /* nothing stands in it */

static void put(char c)
{
    while ((UARTFR & FR_TXFF) != 0) {
    }
    UARTDR = (uint8_t)c;
}

static void put_text(const char *text)
{
    for (; *text != '\0'; text++) {
        put(*text);
    }
}

static void end_line(void)
{
    if (!is_new_line) {
        put_text("\r\n");
    }
    is_new_line = true;
}

/* Brings the screen up to date with a guest's line. */
static void show(uint32_t number)
{
    struct guest *guest = &guests[number];
    if (speaker != number) {
        end_line();
        speaker = number;
        guest->shown_count = 0;
    }
    if (is_new_line && guest->text_count != 0) {
        put((char)('1' + number));
        put_text("| ");
        is_new_line = false;
        guest->shown_count = 0;
    }
    for (; guest->shown_count < guest->text_count; guest->shown_count++) {
        put(guest->text[guest->shown_count]);
    }
}

static void begin_text(struct guest *guest)
{
    guest->text_count = 0;
    guest->shown_count = 0;
}

/* A carriage return that does not end the line overwrites it, but for the guest's number. */
static void take_char(uint32_t number, char c)
{
    struct guest *guest = &guests[number];
    if (guest->is_returned && c != '\n' && c != '\r') {
        begin_text(guest);
        if (speaker == number && !is_new_line) {
            put('\r');
            is_new_line = true;
        }
    }
    guest->is_returned = c == '\r';
    if (c == '\n') {
        show(number);
        end_line();
        begin_text(guest);
    } else if (c != '\r') {
        guest->text[guest->text_count++] = c;
    }
    if (guest->text_count == TEXT_BYTES) {
        show(number);
        begin_text(guest);
    }
}

static void take_output(uint32_t number)
{
    struct guest *guest = &guests[number];
    char c;
    while (sddf_serial_read(&guest->out, &c, 1) == 1) {
        take_char(number, c);
    }
    show(selected);
    if (sddf_serial_producer_waits(&guest->out)) {
        microkit_notify(number);
    }
}

static void select_next(void)
{
    for (uint32_t i = 1; i <= GUEST_COUNT; i++) {
        const uint32_t next = (selected + i) % GUEST_COUNT;
        if (!guests[next].is_off) {
            selected = next;
            break;
        }
    }
    end_line();
    put_text("console: guest ");
    put((char)('1' + selected));
    put_text("; Ctrl-T selects the next\r\n");
    show(selected);
}

/* Hands on what was typed, as long as the selected guest's queue takes it; the rest waits in the PL011. */
static void take_input(void)
{
    while ((UARTFR & FR_RXFE) == 0) {
        struct guest *guest = &guests[selected];
        if (sddf_serial_available(&guest->in) == 0 && !guest->is_off && sddf_serial_wait_for_room(&guest->in)) {
            return;
        }
        const char c = (char)UARTDR;
        if (c == SELECT_KEY) {
            select_next();
        } else if (sddf_serial_write(&guest->in, &c, 1) == 1) {
            microkit_notify(selected);
        }
    }
    UARTICR = INT_RX;
    microkit_irq_ack(SERIAL_CH);
}

static void take_power(uint32_t number, const struct line *line)
{
    if (guests[number].is_off || __atomic_load_n(&line->is_off, __ATOMIC_ACQUIRE) == 0) {
        return;
    }
    guests[number].is_off = true;
    if (guests[0].is_off && guests[1].is_off) {
        seL4_ARM_SMCContext call = {.x0 = PSCI_SYSTEM_OFF};
        microkit_arm_smc_call(&call, &call);
    }
    if (number == selected) {
        select_next();
    }
}

void init(void)
{
    if (!line_open(line0, SDDF_CONSUMER, &guests[0].out, &guests[0].in) ||
        !line_open(line1, SDDF_CONSUMER, &guests[1].out, &guests[1].in)) {
        microkit_dbg_puts("console: the queues cannot be opened\n");
        return;
    }
    UARTCR = CR_ENABLE;
    UARTIMSC = INT_RX;
    take_input();
}

void notified(microkit_channel ch)
{
    if (ch < GUEST_COUNT) {
        take_output(ch);
        take_power(ch, ch == 0 ? line0 : line1);
    }
    take_input();
}
