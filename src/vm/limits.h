/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The sizes of the library's fixed tables that several subsystems share.
 */
#pragma once

#ifndef VM_VCPU_COUNT_MAX    /* proofs have fewer */
#define VM_VCPU_COUNT_MAX 16 /* on a GICv2: 8 */
#endif
