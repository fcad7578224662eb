/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's interrupt controller: an Arm GICv2 [GICv2] without Security Extensions or a GICv3 [GICv3] with one
 * Security state, chosen at run time. Emulated are the Distributor, the Redistributors and the generation of SGIs; the
 * CPU interface is the hardware's virtual one, which the guest uses without an exit.
 *
 * Left out: LPIs and the ITS, message-based SPIs, extended INTID ranges, power management beyond WAKER.
 *
 * An interrupt on its way to a vCPU:
 *
 *               inject, level high,             enabled, group enabled,           a list register
 *               ISPENDR, SGI                    not active, has a target          was free
 *     inactive ----------------------> pending --------------------------> ready -----------------> in a list register
 *        ^                                                                                               |
 *        +------------------------------- maintenance: the guest has ended it ---------------------------+
 *
 * The functions on its arrows (virq_inject or irq_line_set come in at vgic.c, a guest's register write at vgic_regs.c):
 *
 * - pending: vgic_inject, vgic_set_level, vgic_inject_sampled in vgic.c set bits of a struct vgic_word.
 * - at once: vgic_lr_offer in vgic_lr.c, the first turn of vgic_deliver's loop, where nothing is in the way.
 * - ready: vgic_irq_refresh in vgic_irq.c computes a word anew; its owner's bitmap gets what has changed.
 * - delivered: vgic_deliver in vgic_lr.c, lr_fill, vgic_irq_most_urgent, write_any, vgic_irq_hand_over, ops.kick.
 * - ended: vgic_maintenance in vgic_lr.c, from the exit's message: free_lr, ops.eoi, the source's ack function.
 * - taken back: vgic_fall, vgic_take_back in vgic.c: vgic_lr_withdraw, vgic_lr_take_back.
 * - rerouted: vgic_irq_reroute in vgic_irq.c, after a write of a route or when a vCPU goes on or off.
 *
 * List registers cannot be read back. Whether an interrupt in one is still pending or already in service is therefore
 * not known here; registers that ask read as if it were both.
 *
 * Invariants:
 * - An interrupt is in at most one list register (see vgic_lr.h for the one exception, after a reset).
 * - `ready` of a word is exactly what its other members and GICD_CTLR make it, whenever no function here is running.
 * - A bit in a vCPU's ready bitmap is set exactly if the interrupt is ready and that vCPU is its owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/result.h"
#include "vm/gpa.h"
#include "vm/limits.h"
#include "vm/mmio.h"

#ifndef VGIC_WORD_COUNT      /* proofs have fewer of these */
#define VGIC_WORD_COUNT   32 /* words of 32 interrupts */
#define VGIC_LR_COUNT_MAX 64 /* the architecture's limit; how many there are is learned */
#define VGIC_HINT_COUNT   32
#endif
#define VGIC_SGI_COUNT     16                         /* 0..15: software-generated, banked per vCPU */
#define VGIC_PRIVATE_COUNT 32                         /* 16..31: PPIs, banked per vCPU */
#define VGIC_IRQ_COUNT     (VGIC_WORD_COUNT * 32 - 4) /* 32..1019: SPIs; 1020..1023 are no interrupts */
#define VGIC_OWNER_NONE    0xff
#define VGIC_FRAME_COUNT   3 /* Distributor, RD_base, SGI_base */

#define VGIC_REGION_COUNT_MAX 2

enum vgic_version {
    VGIC_NONE,
    VGIC_V2,
    VGIC_V3,
};

enum vgic_sgi_reg {
    VGIC_SGI_REG_SGI1R,
    VGIC_SGI_REG_SGI0R,
    VGIC_SGI_REG_ASGI1R,
};

struct vgic_config {
    enum vgic_version version;
    gpa_t dist_base;
    uint64_t dist_size_bytes;
    gpa_t redist_base; /* GICv3 only: one range with the frames of all vCPUs */
    uint64_t redist_size_bytes;
    gpa_t cpu_base; /* GICv2 only: where the system description maps the hardware's GICV; not used here */
    uint64_t cpu_size_bytes;
};

struct vgic_ops {
    /* An injected interrupt is over: the guest has ended it, withdrawn it (ICPENDR), or the controller was reset. */
    void (*eoi)(void *ctx, size_t vcpu_id, uint32_t irq);
    /* Something became deliverable: end a WFI. Called for vCPUs in any state. */
    void (*kick)(void *ctx, size_t vcpu_id);
    /* The guest asks what is pending: say which private inputs that are high by a sample have fallen (vgic_fall). */
    void (*sample)(void *ctx, size_t vcpu_id);
};

/* State of 32 interrupts with consecutive numbers, a bit each. */
struct vgic_word {
    uint32_t enabled;
    uint32_t latched; /* made pending by an edge, by a write to ISPENDR or as an SGI */
    uint32_t line;    /* the input is high; makes pending only what is level-sensitive */
    uint32_t edge;    /* edge-triggered, otherwise level-sensitive */
    uint32_t group;   /* Group 1, otherwise Group 0 */
    uint32_t active;  /* by a write to ISACTIVER, not by delivery */
    uint32_t in_lr;   /* handed to the hardware, not yet ended */
    uint32_t ready;   /* to be handed to the hardware */
    uint32_t sampled; /* as line, until it is in a list register: its source, silent since, has said that it is high */
};

struct vgic_vcpu {
    uint32_t ready_words;            /* bit n: ready[n] is not zero */
    uint32_t ready[VGIC_WORD_COUNT]; /* interrupts that this vCPU is to take */
    uint64_t lr_free;                /* each list register is in at most one of these three; in none if there is none */
    uint64_t lr_used;
    uint64_t lr_stale; /* filled before the last reset */
    uint16_t lr_irq[VGIC_LR_COUNT_MAX];
    bool on;      /* powered on */
    bool asleep;  /* GICv3: GICR_WAKER.ProcessorSleep */
    bool refused; /* the kernel refused an injection, which has been logged */
    struct vgic_word private_word;
    uint8_t private_priority[VGIC_PRIVATE_COUNT];
    uint8_t sgi_sources[VGIC_SGI_COUNT]; /* GICv2: the vCPUs from which each SGI is pending */
};

struct vgic {
    struct vgic_config config;
    struct vgic_ops ops;
    void *ctx;
    uint32_t vcpu_count;                  /* 0: not initialised */
    bool is_numbered;                     /* the affinity of each vCPU is its number, which is quicker */
    uint32_t affinity[VM_VCPU_COUNT_MAX]; /* Aff2, Aff1 and Aff0 */
    /* By frame and by bits of the offset: the row that was found there last, or any; only a hint. */
    uint8_t recent_rows[VGIC_FRAME_COUNT][VGIC_HINT_COUNT];
    uint32_t group_enables; /* GICD_CTLR.EnableGrp0 and EnableGrp1 */
    struct vgic_vcpu vcpus[VM_VCPU_COUNT_MAX];
    struct vgic_word shared[VGIC_WORD_COUNT];      /* word 0 is unused: it is banked */
    uint8_t shared_priority[VGIC_WORD_COUNT * 32]; /* likewise the first 32 of these three */
    uint32_t route[VGIC_WORD_COUNT * 32];          /* GICv2: ITARGETSR; GICv3: IROUTER, without Aff3 */
    uint8_t owner[VGIC_WORD_COUNT * 32];           /* the vCPU that route chooses, or VGIC_OWNER_NONE */
};

/* Whether a controller can be set up so. RESULT_INVALID: no such version; RESULT_RANGE: a size or count is too small.
 */
MUST_CHECK enum result vgic_check_config(const struct vgic_config *config, size_t vcpu_count);

/* Logs why it cannot. */
void vgic_log_config(const char *function, const struct vgic_config *config, size_t vcpu_count);

/* Sets up an interrupt controller in its reset state, all vCPUs off. Fails as vgic_check_config does. */
MUST_CHECK enum result vgic_init(struct vgic *vgic, const struct vgic_config *config, size_t vcpu_count,
                                 const struct vgic_ops *ops, void *ctx);

/* Sets the affinities of all vCPUs, which are their numbers otherwise. Before the guest runs. */
void vgic_set_affinities(struct vgic *vgic, const uint32_t affinity[]);

/* The vCPU with an affinity, or VGIC_OWNER_NONE. */
uint8_t vgic_vcpu_of(const struct vgic *vgic, uint32_t affinity);

/* The frames that the guest sees of a controller; answers how many there are. */
size_t vgic_regions(const struct vgic_config *config, size_t vcpu_count, struct vgic *vgic,
                    struct mmio_region regions[VGIC_REGION_COUNT_MAX]);

/*
 * Back to the reset state. Interrupts that were injected and not ended are reported through the eoi operation, after
 * everything else has been reset. What the hardware still holds in list registers becomes stale. vCPUs stay on or off.
 */
void vgic_reset(struct vgic *vgic);

/* An edge: sets the pending latch. An SPI goes where the guest routes it; vcpu_id then only has to exist. */
MUST_CHECK enum result vgic_inject(struct vgic *vgic, size_t vcpu_id, uint32_t irq);

/*
 * The input of an interrupt was high, and its source is masked until an end is reported: then it counts as low, and the
 * source speaks for itself. If the interrupt is level-sensitive and comes while it is disabled, enabling it reports an
 * end, too.
 */
MUST_CHECK enum result vgic_inject_sampled(struct vgic *vgic, size_t vcpu_id, uint32_t irq);

/*
 * An input that was high by a sample has fallen, or is to speak for itself. A level-sensitive interrupt that the guest
 * has not taken yet is pending no more. No end is reported.
 */
void vgic_fall(struct vgic *vgic, size_t vcpu_id, uint32_t irq);

/* Sets the level of an interrupt's input; for an edge-triggered one, a rising edge sets the latch. */
MUST_CHECK enum result vgic_set_level(struct vgic *vgic, size_t vcpu_id, uint32_t irq, bool high);

/* The guest has ended the interrupt of a list register; -1: a maintenance event without one. */
void vgic_maintenance(struct vgic *vgic, size_t vcpu_id, int lr_index);

/*
 * Whether a WFI of this vCPU must end: an interrupt is ready for it while its Redistributor is awake, or waits in one
 * of its list registers. PSTATE and the CPU interface's masks are not known here and not considered.
 */
bool vgic_is_deliverable(const struct vgic *vgic, size_t vcpu_id);

/* Tells whether a vCPU is powered on. One that is off takes nothing; SPIs with a choice of targets go to others. */
void vgic_set_vcpu_on(struct vgic *vgic, size_t vcpu_id, bool on);

/*
 * A vCPU is off for good: what its list registers hold and the guest has not taken is taken back. SPIs go where their
 * routes name; its own wait for it.
 */
void vgic_take_back(struct vgic *vgic, size_t vcpu_id);

/* A trapped write to ICC_SGI1R_EL1, ICC_SGI0R_EL1 or ICC_ASGI1R_EL1. MMIO_UNHANDLED on a GICv2. */
enum mmio_result vgic_sgi_sysreg(struct vgic *vgic, size_t vcpu_id, enum vgic_sgi_reg reg, uint64_t value);
