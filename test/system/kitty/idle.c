/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A bare guest in the place of the display's Linux that does nothing: the till works without a display.
 */
#include "head.h"

void __attribute__((noreturn, used)) guest_main(void)
{
    for (;;) {
        __asm__ volatile("wfi");
    }
}
