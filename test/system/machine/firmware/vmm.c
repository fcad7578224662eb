/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VMM that answers its guest's calls (test/guests/firmware.c) in the SiP and OEM ranges, forwards one range to the
 * firmware without any function being allowed, and has a source of random numbers that anybody can foretell.
 */
#include "../machine.h"

/* As test/guests/firmware.c has them. */
#define SIP_SUM   0x0010
#define OEM_WHICH 0x0020

static bool on_sip(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number)
{
    (void)vcpu_id;
    if (fn_number != SIP_SUM) {
        return smc_sip_forward(vcpu_id, regs, fn_number);
    }
    regs->x0 = regs->x1 + regs->x2 + regs->x3 + regs->x4 + regs->x5 + regs->x6;
    regs->x1 = 0x11;
    regs->x2 = 0x22;
    regs->x3 = 0x33;
    return true;
}

static bool on_oem(size_t vcpu_id, seL4_UserContext *regs, size_t fn_number)
{
    (void)vcpu_id;
    regs->x0 = regs->x1 = 0x0e;
    return fn_number == OEM_WHICH;
}

static bool is_guest_running;

static bool random_bytes(uint8_t *bytes, size_t size_bytes, void *cookie)
{
    static unsigned count;
    (void)cookie;
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = (uint8_t)(0xf0 + i);
    }
    /* Every fourth time there is not enough. */
    /* The seeds that the library gives the guest come first. */
    return !is_guest_running || ++count % 4 != 0;
}

void init(void)
{
    static const uint8_t uuid[SMC_UUID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const uint32_t none[] = {0};
    const uintptr_t kernel_pc = machine_set_up();
    if (kernel_pc != (uintptr_t)-1 && smc_register_sip_handler(on_sip) && smc_register_oem_handler(on_oem) &&
        smc_forward_only(none, 0) && smc_register_trng(uuid, random_bytes, NULL)) {
        machine_start(kernel_pc);
    }
}

void notified(microkit_channel ch)
{
    virq_handle_passthrough(ch);
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    is_guest_running = true;
    *reply_msginfo = microkit_msginfo_new(0, 0);
    return fault_handle(child, msginfo);
}
