/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Interrupts as libvmm 0.2 has them: an interrupt is a route, which says vCPU and INTID at once.
 */
#pragma once

#include "compat.h"

#include_next <libvmm/virq.h>

#include <libvmm/util/util.h>

enum irq_type {
    IRQ_TYPE_INVALID = 0,
    IRQ_TYPE_ARM_GIC = 1,
    IRQ_TYPE_X86_IOAPIC = 2,
};

typedef struct irq_routing_info {
    enum irq_type type;
    union {
        struct {
            int vcpu_id;
            uint32_t intid;
        } arm_gic;
    } hw;
} irq_routing_info_t;

#define ARM_GIC_IRQ_ROUTE(vcpu, id)                                                                                    \
    ((irq_routing_info_t){.type = IRQ_TYPE_ARM_GIC,                                                                    \
                          .hw = {.arm_gic = {.vcpu_id = (int)(vcpu), .intid = (uint32_t)(id)}}})
#define IRQ_ROUTE_INVALID(route)      ((route).type != IRQ_TYPE_ARM_GIC)
#define IRQ_ROUTE_TO_ARM_CPUID(route) ((route).hw.arm_gic.vcpu_id)
#define IRQ_ROUTE_TO_ARM_INTID(route) ((route).hw.arm_gic.intid)

#define MAX_PASSTHROUGH_IRQ MICROKIT_MAX_CHANNELS

typedef void (*compat02_virq_ack_fn_t)(irq_routing_info_t route, void *cookie);

/* How many interrupts a file of the program registers with acknowledge callbacks. */
#define COMPAT02_ACK_COUNT_MAX 128

struct compat02_ack {
    compat02_virq_ack_fn_t function;
    void *cookie;
};

COMPAT02_WEAK struct {
    struct compat02_ack acks[COMPAT02_ACK_COUNT_MAX];
    size_t count;
} compat02_virq;

static inline bool compat02_is_arm(const char *function, irq_routing_info_t route)
{
    if (IRQ_ROUTE_INVALID(route)) {
        LOG_VMM_ERR("%s: the route's type is %d; limit is IRQ_TYPE_ARM_GIC\n", function, (int)route.type);
    }
    return !IRQ_ROUTE_INVALID(route);
}

/* The library's acknowledge callback: 0.2's, with a route. */
COMPAT02_UNUSED static void compat02_acknowledge(size_t vcpu_id, int irq, void *cookie)
{
    const struct compat02_ack *ack = (const struct compat02_ack *)cookie;
    ack->function(ARM_GIC_IRQ_ROUTE(vcpu_id, irq), ack->cookie);
}

COMPAT02_UNUSED static bool compat02_virq_controller_init(void)
{
    return virq_controller_init(0);
}

COMPAT02_UNUSED static bool compat02_virq_inject(irq_routing_info_t route)
{
    return compat02_is_arm("virq_inject", route) &&
           virq_inject((size_t)route.hw.arm_gic.vcpu_id, (int)route.hw.arm_gic.intid);
}

COMPAT02_UNUSED static bool compat02_virq_set_level(irq_routing_info_t route, bool level)
{
    return compat02_is_arm("virq_set_level", route) &&
           virq_set_level((size_t)route.hw.arm_gic.vcpu_id, (int)route.hw.arm_gic.intid, level);
}

COMPAT02_UNUSED static bool compat02_virq_register(irq_routing_info_t route, compat02_virq_ack_fn_t ack, void *cookie)
{
    if (!compat02_is_arm("virq_register", route)) {
        return false;
    }
    const size_t vcpu_id = (size_t)route.hw.arm_gic.vcpu_id;
    if (ack == NULL) {
        return virq_register(vcpu_id, route.hw.arm_gic.intid, NULL, NULL);
    }
    if (compat02_virq.count == COMPAT02_ACK_COUNT_MAX) {
        LOG_VMM_ERR("virq_register: interrupt %u is one too many with a callback: limit is %d\n",
                    route.hw.arm_gic.intid, COMPAT02_ACK_COUNT_MAX);
        return false;
    }
    struct compat02_ack *entry = &compat02_virq.acks[compat02_virq.count];
    *entry = (struct compat02_ack){.function = ack, .cookie = cookie};
    if (!virq_register(vcpu_id, route.hw.arm_gic.intid, compat02_acknowledge, entry)) {
        return false;
    }
    compat02_virq.count++;
    return true;
}

COMPAT02_UNUSED static bool compat02_virq_register_passthrough(irq_routing_info_t route, microkit_channel irq_ch)
{
    return compat02_is_arm("virq_register_passthrough", route) &&
           virq_register_passthrough((size_t)route.hw.arm_gic.vcpu_id, route.hw.arm_gic.intid, irq_ch);
}

#define virq_ack_fn_t             compat02_virq_ack_fn_t
#define virq_controller_init      compat02_virq_controller_init
#define virq_inject               compat02_virq_inject
#define virq_set_level            compat02_virq_set_level
#define virq_register             compat02_virq_register
#define virq_register_passthrough compat02_virq_register_passthrough
