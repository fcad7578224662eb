/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Stands in for apps/drivers/barrier.h: the device is played by the same thread. */
#pragma once

static inline void barrier_device(void)
{
    __asm__ volatile("" : : : "memory");
}
