/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Orders one guest to misbehave and the others to work, and measures what share of the core each of these gets. It has
 * the highest priority and little time: it looks at the clock now and then.
 */
#include <stdint.h>

#include "harness.h"

#include "board.h"

#define PHASE_US   500000
#define SETTLE_US  50000
#define VILLAIN    3
#define VILLAIN_CH 0

/* As the system description has it: budget of the period, in permille. */
static const seL4_Word shares[GUEST_COUNT] = {300, 200, 100, 150};
/* A share is what it should be within 5 % of it. */
#define LEAST(share) ((share)*95 / 100)
#define MOST(share)  ((share)*105 / 100)

static struct board *board(unsigned guest)
{
    return (struct board *)((uintptr_t)HARNESS_SHARED + guest * BOARD_BYTES);
}

static void pass_time(seL4_Word us)
{
    const seL4_Word begin = harness_now();
    while (harness_now() - begin < harness_ticks(us)) {
    }
}

static void wait_for_boot(unsigned guest, seL4_Word number)
{
    while (board(guest)->boots < number) {
    }
}

/* What the guests get meanwhile, in permille of the core. */
static void measure(seL4_Word permille[GUEST_COUNT])
{
    seL4_Word before[GUEST_COUNT];
    for (unsigned i = 0; i < GUEST_COUNT; i++) {
        before[i] = board(i)->busy;
    }
    const seL4_Word begin = harness_now();
    pass_time(PHASE_US);
    const seL4_Word ticks = harness_now() - begin;
    for (unsigned i = 0; i < GUEST_COUNT; i++) {
        permille[i] = (board(i)->busy - before[i]) * 1000 / ticks;
    }
}

static void check_shares(const char *first, const char *second, const char *third)
{
    const char *const names[VILLAIN] = {first, second, third};
    seL4_Word permille[GUEST_COUNT];
    measure(permille);
    for (unsigned i = 0; i < VILLAIN; i++) {
        check_range(names[i], permille[i], LEAST(shares[i]), MOST(shares[i]));
    }
    if (board(VILLAIN)->order == ORDER_WORK) {
        check_range("fourth guest gets 15 %", permille[VILLAIN], LEAST(shares[VILLAIN]), MOST(shares[VILLAIN]));
    }
}

static void give_order(enum order order)
{
    board(VILLAIN)->order = order;
    pass_time(SETTLE_US);
}

/* The meter restarts a guest whose VMM it notifies. */
static void revive(void)
{
    const seL4_Word boots = board(VILLAIN)->boots;
    board(VILLAIN)->order = ORDER_WORK;
    microkit_notify(VILLAIN_CH);
    wait_for_boot(VILLAIN, boots + 1);
}

void init(void)
{
    for (unsigned i = 0; i < GUEST_COUNT; i++) {
        wait_for_boot(i, 1);
    }
    give_order(ORDER_WORK);
    check_shares("all spin: 30 %", "all spin: 20 %", "all spin: 10 %");

    give_order(ORDER_FLOOD);
    seL4_Word before = board(VILLAIN)->exits;
    check_shares("flood of exits: 30 %", "flood of exits: 20 %", "flood of exits: 10 %");
    check("it was a flood", board(VILLAIN)->exits - before > 1000);

    give_order(ORDER_CRASH);
    check_shares("crash: 30 %", "crash: 20 %", "crash: 10 %");
    revive();
    check_equal("the crashed guest boots again", board(VILLAIN)->boots, 2);

    give_order(ORDER_RESTART);
    before = board(VILLAIN)->boots;
    check_shares("restarts: 30 %", "restarts: 20 %", "restarts: 10 %");
    check("it was several restarts", board(VILLAIN)->boots - before >= 2);

    revive();
    give_order(ORDER_WORK);
    check_shares("all spin again: 30 %", "all spin again: 20 %", "all spin again: 10 %");
    for (unsigned i = 0; i < VILLAIN; i++) {
        check_equal("boots of a guest that others disturb", board(i)->boots, 1);
        check("looks at its state", board(i)->checks > 10);
        check_equal("damages of its state", board(i)->damages, 0);
    }
    check_equal("damages of the fourth guest's", board(VILLAIN)->damages, 0);
    harness_done();
}

void notified(microkit_channel ch)
{
    (void)ch;
}
