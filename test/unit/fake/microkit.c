/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The fake Microkit's state and calls. Errors are the real ones where a caller can see them; where the real Microkit
 * would stop the caller, this aborts.
 */
#include "fake_microkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSGINFO_LABEL_SHIFT 12
#define USER_CONTEXT_WORDS  36
#define SPI_MAX             1023
#define PRIORITY_MAX        31

_Static_assert(sizeof(seL4_UserContext) == USER_CONTEXT_WORDS * sizeof(seL4_Word), "register order of the ABI");

struct fake_microkit fake;
char microkit_name[MICROKIT_PD_NAME_LENGTH];
int fake_vtimer_wakes;

static _Noreturn void crash(const char *what, uint64_t value)
{
    fprintf(stderr, "fake microkit: %s (0x%llx) would stop the PD\n", what, (unsigned long long)value);
    abort();
}

static void check(const char *what, int error)
{
    if (error != seL4_NoError) {
        crash(what, (uint64_t)error);
    }
}

void fake_microkit_reset(void)
{
    memset(&fake, 0, sizeof fake);
    fake.vcpu_count = FAKE_VCPU_COUNT;
    fake.lr_count = 4;
    fake_vtimer_wakes = 0;
    strcpy(microkit_name, "FAKE");
}

void fake_counts_reset(void)
{
    fake.kernel_calls = 0;
    fake.kernel_words = 0;
    fake.tcb_calls = 0;
    fake.vcpu_reg_calls = 0;
    fake.inject_calls = 0;
}

void fake_log_reset(void)
{
    fake.log_bytes = 0;
    fake.log[0] = '\0';
}

bool fake_log_has(const char *text)
{
    return strstr(fake.log, text) != NULL;
}

unsigned fake_log_count(const char *text)
{
    unsigned count = 0;
    for (const char *at = strstr(fake.log, text); at != NULL; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

static struct fake_vcpu *vcpu_at(seL4_CPtr cap, seL4_CPtr base)
{
    if (cap < base || cap - base >= fake.vcpu_count) {
        return NULL;
    }
    return &fake.vcpus[cap - base];
}

seL4_Word *fake_x(size_t vcpu_id, unsigned n)
{
    seL4_UserContext *c = &fake.vcpus[vcpu_id].context;
    seL4_Word *const table[] = {
        &c->x0,  &c->x1,  &c->x2,  &c->x3,  &c->x4,  &c->x5,  &c->x6,  &c->x7,  &c->x8,  &c->x9,  &c->x10,
        &c->x11, &c->x12, &c->x13, &c->x14, &c->x15, &c->x16, &c->x17, &c->x18, &c->x19, &c->x20, &c->x21,
        &c->x22, &c->x23, &c->x24, &c->x25, &c->x26, &c->x27, &c->x28, &c->x29, &c->x30,
    };
    if (n > 30) {
        crash("fake_x", n);
    }
    return table[n];
}

int fake_lr_of(size_t vcpu_id, uint16_t virq)
{
    for (unsigned i = 0; i < fake.lr_count; i++) {
        if (fake.vcpus[vcpu_id].lrs[i].used && fake.vcpus[vcpu_id].lrs[i].virq == virq) {
            return (int)i;
        }
    }
    return -1;
}

unsigned fake_lr_used(size_t vcpu_id)
{
    unsigned count = 0;
    for (unsigned i = 0; i < fake.lr_count; i++) {
        count += fake.vcpus[vcpu_id].lrs[i].used;
    }
    return count;
}

microkit_msginfo fake_eoi(size_t vcpu_id, unsigned index)
{
    struct fake_lr *lr = &fake.vcpus[vcpu_id].lrs[index];
    if (index >= fake.lr_count || !lr->used) {
        crash("fake_eoi of a free list register", index);
    }
    lr->used = false;
    microkit_mr_set(seL4_VGICMaintenance_IDX, index);
    return microkit_msginfo_new(seL4_Fault_VGICMaintenance, seL4_VGICMaintenance_Length);
}

microkit_msginfo fake_eoi_irq(size_t vcpu_id, uint16_t virq)
{
    const int index = fake_lr_of(vcpu_id, virq);
    if (index < 0) {
        crash("fake_eoi_irq of an interrupt in no list register", virq);
    }
    return fake_eoi(vcpu_id, (unsigned)index);
}

microkit_msginfo fake_vm_fault(size_t vcpu_id, uint64_t pc, uint64_t addr, uint64_t fsr)
{
    fake.vcpus[vcpu_id].context.pc = pc;
    microkit_mr_set(seL4_VMFault_IP, pc);
    microkit_mr_set(seL4_VMFault_Addr, addr);
    microkit_mr_set(seL4_VMFault_PrefetchFault, (fsr >> 26 & 0x3f) == 0x20);
    microkit_mr_set(seL4_VMFault_FSR, fsr);
    return microkit_msginfo_new(seL4_Fault_VMFault, seL4_VMFault_Length);
}

microkit_msginfo fake_vcpu_fault(size_t vcpu_id, uint64_t pc, uint64_t hsr)
{
    fake.vcpus[vcpu_id].context.pc = pc;
    microkit_mr_set(seL4_VCPUFault_HSR, hsr);
    return microkit_msginfo_new(seL4_Fault_VCPUFault, seL4_VCPUFault_Length);
}

microkit_msginfo fake_vppi_event(uint64_t irq)
{
    microkit_mr_set(seL4_VPPIEvent_IRQ, irq);
    return microkit_msginfo_new(seL4_Fault_VPPIEvent, seL4_VPPIEvent_Length);
}

microkit_msginfo fake_hvc(size_t vcpu_id, uint64_t pc)
{
    seL4_UserContext *c = &fake.vcpus[vcpu_id].context;
    c->pc = pc;
    for (unsigned i = 0; i < 8; i++) {
        microkit_mr_set((seL4_Uint8)(seL4_UnknownSyscall_X0 + i), *fake_x(vcpu_id, i));
    }
    microkit_mr_set(seL4_UnknownSyscall_FaultIP, pc);
    microkit_mr_set(seL4_UnknownSyscall_SP, c->sp);
    microkit_mr_set(seL4_UnknownSyscall_LR, c->x30);
    microkit_mr_set(seL4_UnknownSyscall_SPSR, c->spsr);
    microkit_mr_set(seL4_UnknownSyscall_Syscall, c->x7);
    return microkit_msginfo_new(seL4_Fault_UnknownSyscall, seL4_UnknownSyscall_Length);
}

int seL4_ARM_VCPU_InjectIRQ(seL4_CPtr cap, seL4_Uint16 virq, seL4_Uint8 priority, seL4_Uint8 group, seL4_Uint8 index)
{
    fake.kernel_calls++;
    fake.inject_calls++;
    struct fake_vcpu *vcpu = vcpu_at(cap, BASE_VCPU_CAP);
    if (vcpu == NULL) {
        return seL4_InvalidCapability;
    }
    if (virq > SPI_MAX || priority > PRIORITY_MAX || group > 1 || index >= fake.lr_count) {
        return seL4_RangeError;
    }
    if (vcpu->lrs[index].used && (!fake.lr_pending_yields || vcpu->lrs[index].taken)) {
        return seL4_DeleteFirst;
    }
    vcpu->lrs[index] = (struct fake_lr){.used = true, .virq = virq, .priority = priority, .group = group};
    vcpu->inject_count++;
    return seL4_NoError;
}

seL4_ARM_VCPU_ReadRegs_t seL4_ARM_VCPU_ReadRegs(seL4_CPtr cap, seL4_Word field)
{
    fake.kernel_calls++;
    fake.vcpu_reg_calls++;
    fake.kernel_words++;
    const struct fake_vcpu *vcpu = vcpu_at(cap, BASE_VCPU_CAP);
    if (vcpu == NULL || field >= fake_vcpu_reg_count) {
        return (seL4_ARM_VCPU_ReadRegs_t){.error = vcpu == NULL ? seL4_InvalidCapability : seL4_InvalidArgument};
    }
    return (seL4_ARM_VCPU_ReadRegs_t){.value = vcpu->regs[field]};
}

int seL4_ARM_VCPU_WriteRegs(seL4_CPtr cap, seL4_Word field, seL4_Word value)
{
    fake.kernel_calls++;
    fake.vcpu_reg_calls++;
    fake.kernel_words++;
    struct fake_vcpu *vcpu = vcpu_at(cap, BASE_VCPU_CAP);
    if (vcpu == NULL || field >= fake_vcpu_reg_count) {
        return vcpu == NULL ? seL4_InvalidCapability : seL4_InvalidArgument;
    }
    vcpu->regs[field] = value;
    return seL4_NoError;
}

int seL4_ARM_VCPU_AckVPPI(seL4_CPtr cap, seL4_Word irq)
{
    fake.kernel_calls++;
    struct fake_vcpu *vcpu = vcpu_at(cap, BASE_VCPU_CAP);
    if (vcpu == NULL || (irq != 27 && irq != 30)) {
        return vcpu == NULL ? seL4_InvalidCapability : seL4_InvalidArgument;
    }
    vcpu->vppi_ack_count++;
    vcpu->vppi_acks[irq]++;
    return seL4_NoError;
}

static void suspend(struct fake_vcpu *vcpu)
{
    vcpu->running = false;
    vcpu->stop_count++;
}

int seL4_TCB_ReadRegisters(seL4_CPtr tcb, seL4_Bool suspend_source, seL4_Uint8 arch_flags, seL4_Word count,
                           seL4_UserContext *regs)
{
    (void)arch_flags;
    fake.kernel_calls++;
    fake.tcb_calls++;
    struct fake_vcpu *vcpu = vcpu_at(tcb, BASE_VM_TCB_CAP);
    if (vcpu == NULL || count < 1 || count > USER_CONTEXT_WORDS) {
        return vcpu == NULL ? seL4_InvalidCapability : seL4_RangeError;
    }
    fake.kernel_words += (unsigned)count;
    memcpy(regs, &vcpu->context, count * sizeof(seL4_Word));
    if (suspend_source) {
        suspend(vcpu);
    }
    return seL4_NoError;
}

int seL4_TCB_WriteRegisters(seL4_CPtr tcb, seL4_Bool resume_target, seL4_Uint8 arch_flags, seL4_Word count,
                            seL4_UserContext *regs)
{
    (void)arch_flags;
    fake.kernel_calls++;
    fake.tcb_calls++;
    struct fake_vcpu *vcpu = vcpu_at(tcb, BASE_VM_TCB_CAP);
    if (vcpu == NULL || count > USER_CONTEXT_WORDS) {
        return vcpu == NULL ? seL4_InvalidCapability : seL4_RangeError;
    }
    fake.kernel_words += (unsigned)count;
    memcpy(&vcpu->context, regs, count * sizeof(seL4_Word));
    if (resume_target) {
        vcpu->running = true;
        vcpu->restart_count++;
    }
    return seL4_NoError;
}

int seL4_TCB_Suspend(seL4_CPtr tcb)
{
    fake.kernel_calls++;
    struct fake_vcpu *vcpu = vcpu_at(tcb, BASE_VM_TCB_CAP);
    if (vcpu == NULL) {
        return seL4_InvalidCapability;
    }
    suspend(vcpu);
    return seL4_NoError;
}

int seL4_TCB_Resume(seL4_CPtr tcb)
{
    fake.kernel_calls++;
    struct fake_vcpu *vcpu = vcpu_at(tcb, BASE_VM_TCB_CAP);
    if (vcpu == NULL) {
        return seL4_InvalidCapability;
    }
    vcpu->running = true;
    vcpu->resume_count++;
    return seL4_NoError;
}

seL4_MessageInfo_t seL4_MessageInfo_new(seL4_Word label, seL4_Word caps_unwrapped, seL4_Word extra_caps,
                                        seL4_Word length)
{
    (void)caps_unwrapped;
    (void)extra_caps;
    return (seL4_MessageInfo_t){{label << MSGINFO_LABEL_SHIFT | (length & 0x7f)}};
}

seL4_Word seL4_GetMR(int i)
{
    if (i < 0 || i >= 64) {
        crash("seL4_GetMR", (uint64_t)i);
    }
    return fake.mrs[i];
}

void seL4_SetMR(int i, seL4_Word value)
{
    if (i < 0 || i >= 64) {
        crash("seL4_SetMR", (uint64_t)i);
    }
    fake.mrs[i] = value;
}

void microkit_dbg_putc(int c)
{
    if (fake.log_bytes + 1 < FAKE_LOG_BYTES) {
        fake.log[fake.log_bytes++] = (char)c;
        fake.log[fake.log_bytes] = '\0';
    }
}

void microkit_dbg_puts(const char *s)
{
    while (*s != '\0') {
        microkit_dbg_putc(*s++);
    }
}

void microkit_dbg_put8(seL4_Uint8 x)
{
    microkit_dbg_put32(x);
}

void microkit_dbg_put32(seL4_Uint32 x)
{
    char text[16];
    snprintf(text, sizeof text, "%u", x);
    microkit_dbg_puts(text);
}

static void count_channel(unsigned *counts, microkit_channel ch)
{
    fake.kernel_calls++;
    if (ch >= MICROKIT_MAX_CHANNELS) {
        crash("no such channel", ch);
    }
    counts[ch]++;
}

void microkit_notify(microkit_channel ch)
{
    count_channel(fake.notifies, ch);
}

void microkit_deferred_notify(microkit_channel ch)
{
    count_channel(fake.notifies, ch);
}

void microkit_irq_ack(microkit_channel ch)
{
    count_channel(fake.irq_acks, ch);
}

void microkit_deferred_irq_ack(microkit_channel ch)
{
    count_channel(fake.irq_acks, ch);
}

microkit_msginfo microkit_ppcall(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)msginfo;
    crash("microkit_ppcall is not faked", ch);
}

microkit_msginfo microkit_msginfo_new(seL4_Word label, seL4_Uint16 count)
{
    return seL4_MessageInfo_new(label, 0, 0, count);
}

seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return msginfo.words[0] >> MSGINFO_LABEL_SHIFT;
}

seL4_Word microkit_msginfo_get_count(microkit_msginfo msginfo)
{
    return msginfo.words[0] & 0x7f;
}

seL4_Word microkit_mr_get(seL4_Uint8 mr)
{
    return seL4_GetMR(mr);
}

void microkit_mr_set(seL4_Uint8 mr, seL4_Word value)
{
    seL4_SetMR(mr, value);
}

void microkit_vcpu_restart(microkit_child vcpu, seL4_Word entry_point)
{
    seL4_UserContext regs = {.pc = entry_point};
    check("microkit_vcpu_restart", seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu, seL4_True, 0, 1, &regs));
}

void microkit_vcpu_stop(microkit_child vcpu)
{
    check("microkit_vcpu_stop", seL4_TCB_Suspend(BASE_VM_TCB_CAP + vcpu));
}

void microkit_vcpu_arm_inject_irq(microkit_child vcpu, seL4_Uint16 irq, seL4_Uint8 priority, seL4_Uint8 group,
                                  seL4_Uint8 index)
{
    check("microkit_vcpu_arm_inject_irq", seL4_ARM_VCPU_InjectIRQ(BASE_VCPU_CAP + vcpu, irq, priority, group, index));
}

void microkit_vcpu_arm_ack_vppi(microkit_child vcpu, seL4_Word irq)
{
    check("microkit_vcpu_arm_ack_vppi", seL4_ARM_VCPU_AckVPPI(BASE_VCPU_CAP + vcpu, irq));
}

seL4_Word microkit_vcpu_arm_read_reg(microkit_child vcpu, seL4_Word reg)
{
    const seL4_ARM_VCPU_ReadRegs_t result = seL4_ARM_VCPU_ReadRegs(BASE_VCPU_CAP + vcpu, reg);
    check("microkit_vcpu_arm_read_reg", result.error);
    return result.value;
}

void microkit_vcpu_arm_write_reg(microkit_child vcpu, seL4_Word reg, seL4_Word value)
{
    check("microkit_vcpu_arm_write_reg", seL4_ARM_VCPU_WriteRegs(BASE_VCPU_CAP + vcpu, reg, value));
}

void microkit_arm_smc_call(seL4_ARM_SMCContext *args, seL4_ARM_SMCContext *response)
{
    fake.kernel_calls++;
    fake.smc_calls++;
    fake.smc_args = *args;
    *response = fake.smc_response;
}
