/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The monitor: each way to lose an interrupt has its own answer, and the other commands say what there is.
 */
#include "fixture.h"

#include <libvmm/guest.h>
#include <libvmm/monitor.h>
#include <libvmm/util/util.h>
#include <libvmm/virq.h>

#include "aarch64/exit/psci.h"
#include "vm/mmio.h"

#define IRQ    48
#define OTHERS 4 /* as many as there are list registers */
#define DIST   UINT64_C(0x8000000)
#define REDIST UINT64_C(0x80a0000)

#define GICD_CTLR       (DIST + 0x0)
#define GICD_IGROUPR1   (DIST + 0x84)
#define GICD_ISENABLER1 (DIST + 0x104)
#define GICD_ICENABLER1 (DIST + 0x184)
#define GICD_ISACTIVER1 (DIST + 0x304)
#define GICD_ICACTIVER1 (DIST + 0x384)
#define GICD_IROUTER(n) (DIST + 0x6000 + 8 * (n))
#define GICR_WAKER(n)   (REDIST + 0x20000 * (n) + 0x14)

static char said[4096];

static void put(void *cookie, const char *line)
{
    assert_ptr_equal(cookie, said);
    assert_true(strlen(line) < 128 && strchr(line, '\n') == NULL);
    strcat(said, line);
    strcat(said, "\n");
}

static bool run(const char *command)
{
    said[0] = '\0';
    return monitor_command(command, put, said);
}

static void assert_says(const char *command, const char *text)
{
    assert_true(run(command));
    if (strstr(said, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\", but:\n%s", command, text, said);
    }
}

static void store(uint64_t at, uint8_t width, uint64_t value)
{
    struct mmio_access access = {.width_bytes = width, .is_write = true, .value = value};
    assert_int_equal(mmio_dispatch(&vm_instance()->mmio, gpa(at), &access), MMIO_HANDLED);
}

static void nothing(size_t vcpu_id, int irq, void *cookie)
{
    (void)vcpu_id;
    (void)irq;
    (void)cookie;
}

/* An SPI, level-sensitive, in group 1, enabled and routed to vCPU 0, which is on and takes interrupts. */
static int setup(void **state)
{
    fixture_setup(state);
    for (uint32_t i = 0; i <= OTHERS; i++) {
        assert_true(virq_register(0, IRQ + i, nothing, NULL));
    }
    store(GICD_CTLR, 4, 2);
    store(GICD_IGROUPR1, 4, 0xffffffff);
    store(GICD_ISENABLER1, 4, 0xffffffff);
    fake.vcpus[0].context.spsr = 0x5;
    return 0;
}

static void raise(void)
{
    assert_true(virq_set_level(0, IRQ, true));
}

static void test_not_raised(void **state)
{
    (void)state;
    assert_says("irq 48", "interrupt 48: registered");
    assert_says("irq 48", "input low, latched no, level-sensitive");
    assert_says("irq 48", "-> not raised: its input is low, and no edge is latched");
    assert_says("irq 47", "interrupt 47: neither registered nor a device's: nobody raises it");
    assert_says("irq 3 1", "interrupt 3: software-generated");
}

static void test_masked(void **state)
{
    (void)state;
    store(GICD_ICENABLER1, 4, 1u << (IRQ - 32));
    raise();
    assert_says("irq 48", "input high");
    assert_says("irq 48", "-> masked: the guest has not enabled it (ISENABLER)");
}

static void test_group_off(void **state)
{
    (void)state;
    store(GICD_CTLR, 4, 0);
    raise();
    assert_says("irq 48", "group 1 (off in GICD_CTLR)");
    assert_says("irq 48", "-> its group is off");
}

static void test_active(void **state)
{
    (void)state;
    store(GICD_ISACTIVER1, 4, 1u << (IRQ - 32));
    raise();
    assert_says("irq 48", "-> active: the guest has said so by ISACTIVER");
}

/* What the guest has not taken, or not ended: whether by PSTATE, or by what cannot be seen. */
static void test_in_a_list_register(void **state)
{
    (void)state;
    raise();
    assert_says("irq 48", "-> in a list register: the guest has not taken it, or not ended it");
    assert_says("irq 48", "list register 0 of vCPU 0: interrupt 48, priority 0x0");
    assert_says("irq 48", "vCPU 0 has not masked interrupts: its priority mask, a group enable, or an end that is");
    fake.vcpus[0].context.spsr = 0x3c5;
    assert_says("irq 48", "vCPU 0 has masked interrupts (PSTATE.I)");
}

static void test_wrong_route(void **state)
{
    (void)state;
    store(GICD_IROUTER(IRQ), 8, 0x700);
    raise();
    assert_says("irq 48", "route 0x700: no vCPU");
    assert_says("irq 48", "-> its route names no vCPU");
}

static void test_vcpu_off(void **state)
{
    (void)state;
    store(GICD_IROUTER(IRQ), 8, 1);
    raise();
    assert_says("irq 48", "goes to vCPU 1: off");
    assert_says("irq 48", "-> its vCPU is off");
}

static void test_asleep(void **state)
{
    (void)state;
    store(GICR_WAKER(0), 4, 2);
    raise();
    assert_says("irq 48", "-> the Redistributor of its vCPU is asleep");
}

static void test_no_list_register(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= OTHERS; i++) {
        assert_true(virq_inject(0, IRQ + (int)i));
    }
    raise();
    assert_says("irq 48", "-> all list registers hold interrupts that the guest has not ended:");
    assert_says("irq 48", "list register 3 of vCPU 0: interrupt 52");
    assert_says("irqs", "interrupt 48\n-> all list registers");
    assert_says("irqs", "interrupt 52\n-> in a list register");
}

/* A guest that is stopped, as by a debugger: what will be in the way once it goes on. */
static void test_stopped(void **state)
{
    (void)state;
    guest_stop(0);
    store(GICD_ICENABLER1, 4, 1u << (IRQ - 32));
    raise();
    assert_says("irq 48", "-> masked");
    store(GICD_ISENABLER1, 4, 1u << (IRQ - 32));
    assert_says("irq 48", "goes to vCPU 0: stopped");
    assert_says("irq 48", "-> nothing: it is on its way");
    assert_says("vcpus", "vCPU 0: stopped, pc 0x");
    vm_instance()->boot_vcpu_id = 0;
    assert_true(run("resume"));
    assert_string_equal(said, "");
    assert_true(fake.vcpus[0].running);
    assert_says("resume", "nothing is stopped");
    assert_says("vcpus", "vCPU 0: running");
    assert_true(run("stop"));
    assert_false(fake.vcpus[0].running);
    assert_true(run("off"));
    assert_says("vcpus", "vCPU 0: off");
    assert_says("restart", "the guest cannot be started");
}

/* A private interrupt is each vCPU's own. */
static void test_private(void **state)
{
    (void)state;
    store(REDIST + 0x30000 + 0x80, 4, 0xffffffff); /* GICR_IGROUPR0 of vCPU 1 */
    store(REDIST + 0x30000 + 0x400 + 20, 1, 0xa0); /* GICR_IPRIORITYR */
    assert_true(virq_register(1, 20, nothing, NULL));
    assert_true(virq_inject(1, 20));
    assert_says("irq 20", "latched no");
    assert_says("irq 20", "priority 0x0");
    assert_says("irq 20 1", "latched yes");
    assert_says("irq 20 1", "enabled no, group 1 (on in GICD_CTLR), priority 0xa0");
    assert_says("irq 20 1", "goes to vCPU 1: off");
    assert_says("irq 20 1", "-> masked");
    assert_says("irqs", "interrupt 20 of vCPU 1\n-> masked");
}

static void test_passed_through(void **state)
{
    (void)state;
    assert_true(virq_register_passthrough(0, 60, 7));
    assert_says("irq 60", "interrupt 60: passed through, channel 7");
}

static void test_the_rest(void **state)
{
    (void)state;
    assert_says("help", "irq N [VCPU]");
    assert_says("memory", "0x000a000000 to 0x000a000fff: emulated");
    assert_true(run("errors"));
    assert_string_equal(said, "");
    fixture_fault(fake_vm_fault(0, FIXTURE_PC, 0xb000000, FIXTURE_LOAD(4, 0, 0)));
    assert_says("errors", "1: access to nothing, page");
    assert_says("errors", "  access to nothing, page 0xb000000");
    assert_true(run("devices"));
    assert_string_equal(said, "");
    assert_false(run("reboot"));
    assert_string_equal(said, "no such command: help\n");
    assert_false(run("irqq"));
    assert_says("irq", "usage: irq N [VCPU], with N up to 1019");
    assert_says("irq 1020", "usage");
    assert_says("irq 99999999999", "usage");
    assert_says("irq 48 2", "no such vCPU");
    assert_says("irq 48 1 2", "no such vCPU");
    vm_instance()->vgic.vcpu_count = 0;
    assert_says("irq 48", "there is no interrupt controller yet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_not_raised, setup),
        cmocka_unit_test_setup(test_masked, setup),
        cmocka_unit_test_setup(test_group_off, setup),
        cmocka_unit_test_setup(test_active, setup),
        cmocka_unit_test_setup(test_in_a_list_register, setup),
        cmocka_unit_test_setup(test_wrong_route, setup),
        cmocka_unit_test_setup(test_vcpu_off, setup),
        cmocka_unit_test_setup(test_asleep, setup),
        cmocka_unit_test_setup(test_no_list_register, setup),
        cmocka_unit_test_setup(test_stopped, setup),
        cmocka_unit_test_setup(test_private, setup),
        cmocka_unit_test_setup(test_passed_through, setup),
        cmocka_unit_test_setup(test_the_rest, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
