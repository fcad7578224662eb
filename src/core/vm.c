/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The one instance behind the public functions.
 */
#include "core/vm.h"

#include <libvmm/util/util.h>

static struct vm instance;

struct vm *vm_instance(void)
{
    return &instance;
}

void vm_forget(struct vm *vm)
{
    memset(vm, 0, sizeof *vm);
}
