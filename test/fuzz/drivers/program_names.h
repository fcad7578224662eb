/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Gives the public names of a program, which all programs have, a name of its own: PROGRAM is defined before. Its
 * variables go to sections of their own, from which they are restored.
 */
#include "config.h"

#include "program.h"

#define PASTE(a, b) fuzzed_##a##_##b
#define NAME(a, b)  PASTE(a, b)

#define init        NAME(PROGRAM, init)
#define notified    NAME(PROGRAM, notified)
#define config      NAME(PROGRAM, config)
#define device_base NAME(PROGRAM, device_base)
#define dma_base    NAME(PROGRAM, dma_base)
#define dma_bytes   NAME(PROGRAM, dma_bytes)
#define dma_paddr   NAME(PROGRAM, dma_paddr)
#define irq_channel NAME(PROGRAM, irq_channel)

#undef CONFIG_SECTION
#define CONFIG_SECTION(name)

#pragma clang section bss = "program_bss" data = "program_data"
