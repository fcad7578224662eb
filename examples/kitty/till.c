/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The native component: a till. Amounts and card numbers come from the serial line, sales go to a log on a disk, and
 * the picture goes into the region that the display's driver VM shows. The till needs that VM for nothing else: while
 * it is dead, sales go on, and the till has it restarted.
 *
 *                 amount                   card                  2 s, and the log is written
 *     WAITING <------------ (any state) WAITING ----> PROCESSING --------------------------> PAID or REFUSED
 *                                       REFUSED
 *
 * The clock is the machine's PL031 at the start, then the timer. Of a card only the last four digits are kept; that its
 * number is right means that its check digit is [ISO/IEC 7812-1, annex B].
 */
#include <libvmm/sddf/serial.h>
#include <libvmm/sddf/timer.h>
#include <libvmm/util/util.h>

#include "display.h"
#include "sales.h"
#include "screen.h"

/* Channels of the system description, besides those of queues and timer. */
#define DISPLAY_CH 10 /* doorbell and interrupt of the region */
#define RESTART_CH 11 /* has the VMM restart its guest; it says the same way that the guest restarts */

#define LINE_BYTES      80
#define EVENTS_MAX      64 /* a second; nobody types faster */
#define CARD_DIGITS_MIN 12
#define CARD_DIGITS_MAX 19
#define AMOUNT_MAX      99999999u
#define NS_PER_S        UINT64_C(1000000000)
#define STEP_NS         (NS_PER_S / 10) /* of the progress bar; and screens are begun no more often */
#define PATIENCE_NS     (10 * NS_PER_S) /* with a display that takes no damage */
#define SECONDS_A_DAY   86400

__attribute__((section(SDDF_SERIAL_CLIENT_CONFIG), used)) struct sddf_serial_client_config serial_config;
__attribute__((section(SDDF_TIMER_CLIENT_CONFIG), used)) struct sddf_timer_client_config timer_config;

/* Set by the system description (setvar_vaddr): the region, and the PL031, whose first register is the time. */
uintptr_t region_vaddr;
uintptr_t rtc_vaddr;

static struct sddf_serial rx;
static struct sddf_serial tx;
/* A line that is being typed. The VM's keyboard has its own, so that it cannot spoil one of the serial line. */
struct editor {
    char line[LINE_BYTES];
    uint32_t length;
};

static struct editor serial_editor;
static struct editor key_editor;
static uint32_t events_left; /* of the VM's keyboard and pointer, until the next second */

static struct display display;
static struct picture shown; /* what the region has */
static bool is_redraw_due;   /* the region has something else */
static uint64_t redraw_ns;   /* when the screen was last begun */
static uint32_t refusals_said;

static uint64_t now_ns;
static uint64_t start_ns;
static uint64_t start_seconds; /* since 1970, at start_ns */
static uint64_t last_second;

static enum picture_state state;
static uint32_t amount; /* cents; 0: none was typed since the last sale */
static uint32_t picture_amount;
static uint64_t processing_ns; /* since when */
static bool is_logging;        /* the sale is being written */
static bool is_card_right;
static const char *reason = "";
static char card[SALES_CARD_BYTES];

/* A line that the ring has no room for is lost. */
static void say(const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    const uint32_t count = MIN((uint32_t)length, (uint32_t)sizeof(text) - 1);
    if (sddf_serial_available(&tx) >= count) {
        (void)sddf_serial_write(&tx, text, count);
        microkit_notify(tx.channel);
    }
}

static uint64_t seconds_now(void)
{
    return start_seconds + (now_ns - start_ns) / NS_PER_S;
}

static void read_time(void)
{
    now_ns = sddf_timer_now(timer_config.driver_id);
}

/* Card and amount. */

static void begin_waiting(uint32_t cents)
{
    amount = cents;
    picture_amount = cents;
    state = PICTURE_WAITING;
    say("EUR %u.%02u: card number?\n", cents / 100, cents % 100);
}

static bool has_right_check_digit(const char *digits, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t digit = (uint32_t)(digits[count - 1 - i] - '0');
        const uint32_t weighted = i % 2 == 0 ? digit : 2 * digit;
        sum += weighted / 10 + weighted % 10;
    }
    return sum % 10 == 0;
}

static void begin_processing(const char *digits, uint32_t count)
{
    if (amount == 0) {
        say("an amount first, such as 12.50\n");
        return;
    }
    memcpy(card, digits + count - 4, 4);
    is_card_right = has_right_check_digit(digits, count);
    is_logging = false;
    processing_ns = now_ns;
    state = PICTURE_PROCESSING;
    say("processing card %s\n", card);
}

static uint32_t progress_now(void)
{
    const uint64_t steps = state == PICTURE_PROCESSING ? (now_ns - processing_ns) / STEP_NS : 0;
    return (uint32_t)MIN(steps, PICTURE_PROGRESS_MAX);
}

static void refuse(const char *why)
{
    reason = why;
    state = PICTURE_REFUSED;
    say("refused: %s\n", why);
}

static void finish_sale(void)
{
    const uint64_t tenths = (now_ns - processing_ns) / STEP_NS;
    if (!is_card_right) {
        refuse("the card's number is wrong");
        return;
    }
    state = PICTURE_PAID;
    amount = 0;
    say("paid: sale %u, after %u.%u s\n", sales_count(), (unsigned)(tenths / 10), (unsigned)(tenths % 10));
}

/* Goes on with a sale: when the bar is full, it is written to the log, and then it is paid or refused. */
static void process(void)
{
    const enum sales_state log = sales_step();
    if (state != PICTURE_PROCESSING || progress_now() < PICTURE_PROGRESS_MAX) {
        return;
    }
    if (log == SALES_ABSENT || log == SALES_FAILED) {
        refuse("sales cannot be recorded");
    } else if (log == SALES_READY && is_logging) {
        finish_sale();
    } else if (log == SALES_READY) {
        struct sale sale = {.time = seconds_now(), .amount = amount, .is_paid = is_card_right};
        memcpy(sale.card, card, sizeof(sale.card));
        sales_append(&sale);
        is_logging = true;
    }
}

/* The serial line. */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits, maybe a point and one or two digits. False: the text is something else, or too much. */
static bool parse_amount(const char *text, uint32_t *cents)
{
    uint64_t value = 0;
    uint32_t at = 0;
    while (is_digit(text[at]) && at < 7) {
        value = value * 10 + (uint64_t)(text[at++] - '0');
    }
    const bool has_digits = at > 0;
    value *= 100;
    if (text[at] == '.' && is_digit(text[at + 1])) {
        value += 10 * (uint64_t)(text[at + 1] - '0');
        at += 2;
        if (is_digit(text[at])) {
            value += (uint64_t)(text[at++] - '0');
        }
    }
    *cents = (uint32_t)value;
    return has_digits && text[at] == '\0' && value >= 1 && value <= AMOUNT_MAX;
}

/* Digits, maybe in groups. Answers how many. */
static uint32_t parse_card(const char *text, char digits[CARD_DIGITS_MAX])
{
    uint32_t count = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            continue;
        }
        if (!is_digit(*text) || count == CARD_DIGITS_MAX) {
            return 0;
        }
        digits[count++] = *text;
    }
    return count >= CARD_DIGITS_MIN ? count : 0;
}

static void say_display(void)
{
    if (display.screen.pixels == NULL) {
        say("no display; %u headers refused\n", display.refused_count);
    } else {
        say("display %ux%u, %s, %u rectangles, %u pixels copied; %u headers refused\n", display.screen.width,
            display.screen.height, display.has_extension ? "with damage" : "without damage", display.damage_put,
            display_pixels_copied(&display), display.refused_count);
    }
}

static void obey(const char *line)
{
    char digits[CARD_DIGITS_MAX];
    const uint32_t count = parse_card(line, digits);
    uint32_t cents;
    if (line[0] == '\0') {
        return;
    }
    if (strcmp(line, "restart") == 0) {
        microkit_notify(RESTART_CH);
    } else if (strcmp(line, "display") == 0) {
        say_display();
    } else if (count != 0) {
        begin_processing(digits, count);
    } else if (parse_amount(line, &cents)) {
        begin_waiting(cents);
    } else {
        say("\"%s\": must be an amount up to %u.%02u, a card number of %u to %u digits, \"display\" or \"restart\"\n",
            line, AMOUNT_MAX / 100, AMOUNT_MAX % 100, CARD_DIGITS_MIN, CARD_DIGITS_MAX);
    }
}

static void take_character(struct editor *editor, char c)
{
    if (c == '\r' || c == '\n') {
        say("\n");
        editor->line[editor->length] = '\0';
        editor->length = 0;
        obey(editor->line);
    } else if (c == '\b' || c == 0x7f) {
        say("%s", editor->length == 0 ? "" : "\b \b");
        editor->length -= editor->length == 0 ? 0 : 1;
    } else if (c >= ' ' && editor->length < LINE_BYTES - 1) {
        say("%c", c);
        editor->line[editor->length++] = c;
    }
}

/* While a card is processed, what is typed waits. */
static void read_serial(void)
{
    char c;
    while (state != PICTURE_PROCESSING && sddf_serial_read(&rx, &c, 1) != 0) {
        take_character(&serial_editor, c);
    }
    if (sddf_serial_producer_waits(&rx)) {
        microkit_notify(rx.channel);
    }
}

/* Keyboard and pointer of the VM, with the numbers of Linux's include/uapi/linux/input-event-codes.h. */

#define EV_KEY    1
#define KEY_PRESS 1 /* 0 is a release, 2 a repetition */
#define BTN_LEFT  0x110
#define BTN_TOUCH 0x14a

static char character_of(uint16_t code)
{
    static const struct {
        uint8_t code;
        char character;
    } keys[] = {
        {2, '1'},  {3, '2'},   {4, '3'},   {5, '4'},  {6, '5'},  {7, '6'},  {8, '7'},  {9, '8'},   {10, '9'},
        {11, '0'}, {14, '\b'}, {28, '\r'}, {52, '.'}, {57, ' '}, {71, '7'}, {72, '8'}, {73, '9'},  {75, '4'},
        {76, '5'}, {77, '6'},  {79, '1'},  {80, '2'}, {81, '3'}, {82, '0'}, {83, '.'}, {96, '\r'}, {111, '\b'},
    };
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (keys[i].code == code) {
            return keys[i].character;
        }
    }
    return '\0';
}

/* A tap on a sale that is over: the next one begins. */
static void take_tap(void)
{
    if (state == PICTURE_PAID || state == PICTURE_REFUSED) {
        amount = 0;
        picture_amount = 0;
        state = PICTURE_WAITING;
    }
}

static void read_input(void)
{
    struct region_input event;
    while (state != PICTURE_PROCESSING && events_left != 0 && display_take_input(&display, &event)) {
        events_left--;
        if (event.type != EV_KEY || event.value != KEY_PRESS) {
            continue;
        }
        if (event.code == BTN_LEFT || event.code == BTN_TOUCH) {
            take_tap();
        } else if (character_of(event.code) != '\0') {
            take_character(&key_editor, character_of(event.code));
        }
    }
}

/* The picture. */

static struct picture picture_now(void)
{
    struct picture picture = {
        .state = state,
        .amount = picture_amount,
        .progress = progress_now(),
        .clock = (uint32_t)(seconds_now() % SECONDS_A_DAY),
        .sale = sales_count(),
    };
    memcpy(picture.card, card, sizeof(card));
    const size_t reason_bytes = strlen(reason) + 1;
    memcpy(picture.reason, reason, MIN(reason_bytes, sizeof(picture.reason) - 1));
    return picture;
}

static void draw(void)
{
    if (display.screen.pixels == NULL) {
        return;
    }
    const struct picture picture = picture_now();
    if (!is_redraw_due) {
        screen_update(&display.screen, &shown, &picture, display_damage, &display);
        shown = picture;
    } else if (redraw_ns == 0 || now_ns - redraw_ns >= STEP_NS) {
        screen_draw(&display.screen, &picture);
        display_damage(&display, (struct screen_rect){0, 0, display.screen.width, display.screen.height});
        shown = picture;
        is_redraw_due = false;
        redraw_ns = now_ns;
    }
    if (display_flush(&display)) {
        REGION_MARK();
        microkit_notify(DISPLAY_CH);
    }
}

/* At once for the first header that is refused, then once a second for those that came since. */
static void say_refused(void)
{
    const uint32_t count = display.refused_count - refusals_said;
    if (count != 0) {
        refusals_said = display.refused_count;
        say("refused a display of %ux%u, %u bits a pixel: must be %ux%u at least, %u bits, and end within %u bytes; "
            "%u such\n",
            display.refused.xres, display.refused.yres, display.refused.bits_per_pixel, SCREEN_WIDTH_MIN,
            SCREEN_HEIGHT_MIN, REGION_BITS_PER_PIXEL, REGION_BYTES, count);
    }
}

/* After the doorbell. Whether there is more to do: a guest can ring without end, which is to cost as little as it can.
 */
static bool look_at_display(void)
{
    const enum display_change change = display_look(&display);
    const bool is_news = change == DISPLAY_STARTED && !is_redraw_due;
    const bool has_input = events_left != 0 && display_has_input(&display);
    if (change == DISPLAY_REFUSED && display.refused_count == 1) {
        say_refused();
    }
    is_redraw_due = is_redraw_due || is_news;
    return is_news || has_input;
}

static void every_second(void)
{
    const uint64_t second = seconds_now();
    if (second == last_second) {
        return;
    }
    last_second = second;
    events_left = EVENTS_MAX;
    say_refused();
    if (display_is_stuck(&display, now_ns, PATIENCE_NS)) {
        say("the display takes nothing: its VM is restarted\n");
        microkit_notify(RESTART_CH);
    }
}

/* The next moment at which the picture may change by itself. */
static void set_timer(void)
{
    const uint64_t past_second = (now_ns - start_ns) % NS_PER_S;
    uint64_t wait_ns = NS_PER_S - past_second;
    if (state == PICTURE_PROCESSING) {
        wait_ns = MIN(wait_ns, STEP_NS - (now_ns - processing_ns) % STEP_NS);
    }
    if (is_redraw_due && now_ns - redraw_ns < STEP_NS) {
        wait_ns = MIN(wait_ns, STEP_NS - (now_ns - redraw_ns));
    }
    sddf_timer_set_timeout(timer_config.driver_id, wait_ns);
}

static void go_on(void)
{
    process();
    every_second();
    read_serial();
    read_input();
    draw();
    set_timer();
}

void init(void)
{
    if (!sddf_magic_is(serial_config.magic, SDDF_SERIAL_VERSION) ||
        !sddf_serial_open(&rx, &serial_config.rx, SDDF_CONSUMER) ||
        !sddf_serial_open(&tx, &serial_config.tx, SDDF_PRODUCER) || !sales_open() ||
        !sddf_magic_is(timer_config.magic, SDDF_TIMER_VERSION)) {
        LOG_VMM_ERR("a section of the configuration is not filled in, or its regions hold no queues\n");
        return;
    }
    display_open(&display, region_vaddr);
    read_time();
    start_ns = now_ns;
    start_seconds = *(const volatile uint32_t *)rtc_vaddr;
    say("an amount, such as 12.50?\n");
    go_on();
}

void notified(microkit_channel channel)
{
    if (tx.queue == NULL || !sddf_magic_is(timer_config.magic, SDDF_TIMER_VERSION)) {
        return;
    }
    if (channel == DISPLAY_CH && !look_at_display()) {
        return;
    }
    if (channel == RESTART_CH) {
        display_close(&display);
    }
    read_time();
    go_on();
}
