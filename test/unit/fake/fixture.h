/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A VM for tests of fault handling: one or more vCPUs, a recording device, and functions that make syndromes.
 */
#pragma once

#include "fake_microkit.h"
#include "unit.h"

#include <libvmm/arch/aarch64/fault.h>

#include "aarch64/exit/syndrome.h"
#include "aarch64/vcpu/vcpu_state.h"
#include "vm/vm.h"

#define FIXTURE_PC          UINT64_C(0x40081000)
#define FIXTURE_DEVICE_BASE UINT64_C(0x0a000000)
#define FIXTURE_DEVICE_SIZE UINT64_C(0x1000)
#define FIXTURE_VBAR        UINT64_C(0xffff800008010800)
#define FIXTURE_EL1H        UINT64_C(0x600003c5)

struct fixture_device {
    struct mmio_access last;
    unsigned count;
    uint64_t read_value;
    enum mmio_result result;
};

extern struct fixture_device fixture_device;

/* A VM with `vcpu_count` vCPUs, all of them with distinct register contents; one device; a GICv3. cmocka's set-up. */
int fixture_setup(void **state);
struct vm *fixture_vm(void);

/* Answers a fault of vCPU 0 as VMM programs do. */
bool fixture_fault(microkit_msginfo message);

/* Syndrome of a data abort with valid ISS. */
uint64_t fixture_dabt(unsigned width_bytes, unsigned reg, bool is_write, uint64_t more);
#define FIXTURE_LOAD(width, reg, more)  fixture_dabt(width, reg, false, more)
#define FIXTURE_STORE(width, reg, more) fixture_dabt(width, reg, true, more)

/* Syndromes of VCPUFaults. */
uint64_t fixture_class(enum esr_ec ec, uint64_t iss);

/* Checks that vCPU 0 has taken the exception with `esr` at `offset` of its vectors, from FIXTURE_PC. */
void fixture_assert_exception(uint64_t esr, uint64_t offset);

/* The first value of x<n>. */
uint64_t fixture_x(unsigned n);
