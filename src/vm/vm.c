/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The one instance behind the public functions.
 */
#include "vm/vm.h"

#include <libvmm/util/util.h>

struct vm vm_the_instance;

void vm_forget(struct vm *vm)
{
    memset(vm, 0, sizeof *vm);
}
