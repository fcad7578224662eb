/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Lives that the VMM ends (test/system/machine/restart/vmm.c), at moments that the guest chooses: in the middle of an
 * access, of a firmware call, in WFI, with interrupts in flight, in an interrupt's handler, in a busy loop.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/life.h"
#include "harness/psci.h"
#include "harness/timer.h"

/* As the VMM has them. */
#define COMMAND         (HARNESS_SCRATCH + 0xff8)
#define COMMAND_NOW     1 /* while this very store is being handled */
#define COMMAND_ON_CALL 2 /* while the next SiP call is being handled */
#define COMMAND_ON_TICK 3 /* at the next notification */
#define COMMAND_STOP    4 /* stop at the next notification, restart at the one after it */
#define COMMAND_START   5 /* at the next notification, through guest_start, with RAM as it is */
#define SIP_CALL        0xc2000001
#define LIFE_COUNT_MAX  1000
#define WAY_COUNT       8
#define TIMER_US        50
#define TOO_LONG_US     1000000

static void fail_if_it_goes_on(void)
{
    check("the guest goes on after its restart", false);
    harness_end();
}

static void spin(void)
{
    timer_spin(TOO_LONG_US);
    fail_if_it_goes_on();
}

static void wait(void)
{
    const uint64_t end = timer_now() + timer_ticks(TOO_LONG_US);
    while (timer_now() < end) {
        __asm__ volatile("wfi");
    }
    fail_if_it_goes_on();
}

/* Ticks come, and are served, while the VMM's notification comes at any moment among them. */
static void serve_timer(void)
{
    const uint32_t taken = gic_acknowledge();
    timer_set(timer_now() + timer_ticks(TIMER_US));
    gic_end(taken);
}

static void tick(void)
{
    interrupt_set_handler(serve_timer);
    timer_start(TIMER_US);
    interrupt_unmask();
    wait();
}

static void spin_in_handler(void)
{
    (void)gic_acknowledge();
    spin();
}

static void call(void)
{
    struct smccc_registers registers = {{SIP_CALL, 1, 2, 3}};
    write64(COMMAND, COMMAND_ON_CALL);
    smccc_smc(&registers);
    fail_if_it_goes_on();
}

static void end_life(uint64_t life)
{
    switch (life % WAY_COUNT) {
    case 0:
        write64(COMMAND, COMMAND_NOW);
        fail_if_it_goes_on();
        break;
    case 1:
        call();
        break;
    case 2:
        write64(COMMAND, COMMAND_ON_TICK);
        wait();
        break;
    case 3:
        write64(COMMAND, COMMAND_STOP);
        wait();
        break;
    case 4:
        write64(COMMAND, COMMAND_ON_TICK);
        tick();
        break;
    case 5:
        write64(COMMAND, COMMAND_STOP);
        spin();
        break;
    case 6:
        interrupt_set_handler(spin_in_handler);
        write64(COMMAND, COMMAND_ON_TICK);
        interrupt_unmask();
        gic_set_mask(0xff);
        gic_send_sgi(5, 1);
        spin();
        break;
    default:
        write64(COMMAND, COMMAND_START);
        spin();
        break;
    }
}

void guest_main(void)
{
    const uint64_t life = life_begin();
    if (life > LIFE_COUNT_MAX) {
        harness_put("\n");
        check_equal("lives", life - 1, LIFE_COUNT_MAX);
        return;
    }
    /* guest_start leaves RAM as it is. */
    if (life % WAY_COUNT == WAY_COUNT - 1) {
        end_life(life);
    }
    life_spoil((enum life_mess)(life / WAY_COUNT % LIFE_MESS_COUNT));
    end_life(life);
}
