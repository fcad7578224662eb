/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What code built with a stack protector refers to. The guard is a constant: this catches
 * mistakes, not attackers. Its low byte is zero so that a string that runs over does not leave it intact.
 */
#include <libvmm/util/util.h>

#include "util/libc/libc.h"

extern const uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

LIBC_WEAK const uintptr_t __stack_chk_guard = (uintptr_t)UINT64_C(0x5be1d37a9c46e200);

LIBC_WEAK _Noreturn void __stack_chk_fail(void)
{
    LOG_VMM_ERR("stack overflow in a function of the VMM\n");
    __builtin_trap();
}
