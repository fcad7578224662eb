/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A plugin of QEMU that counts the instructions that the machine's only core executes, on all exception levels, and
 * writes "MARK count" to standard error each time the marker is executed: HINT #0x70, which does nothing and which no
 * compiler uses [Arm ARM C6.2, HINT]. HINT #0x71 makes it write "END count".
 *
 * What is used of QEMU's plugin interface is declared here, as its documentation has it (docs/devel/tcg-plugins),
 * because Debian does not package its header. Version 1 of the interface: QEMU 4.2 to 8.2.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PLUGIN_VERSION 1
#define EXPORT         __attribute__((visibility("default")))

#define MARKER     UINT32_C(0xd5032e1f)
#define END_MARKER UINT32_C(0xd5032e3f)

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags {
    QEMU_PLUGIN_CB_NO_REGS,
    QEMU_PLUGIN_CB_R_REGS,
    QEMU_PLUGIN_CB_RW_REGS,
};

enum qemu_plugin_op {
    QEMU_PLUGIN_INLINE_ADD_U64,
};

typedef void (*tb_translated_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*insn_executed_t)(unsigned int vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_translated_t callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, insn_executed_t callback,
                                            enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, enum qemu_plugin_op op, void *to,
                                                uint64_t value);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t count;

static void on_marker(unsigned int vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    fprintf(stderr, "MARK %" PRIu64 "\n", count);
}

static void on_end_marker(unsigned int vcpu, void *data)
{
    (void)vcpu;
    (void)data;
    fprintf(stderr, "END %" PRIu64 "\n", count);
}

static uint32_t code_of(const struct qemu_plugin_insn *insn)
{
    uint32_t code;
    memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
    return code;
}

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &count, 1);
        const uint32_t code = code_of(insn);
        if (code == MARKER || code == END_MARKER) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, code == MARKER ? on_marker : on_end_marker,
                                                   QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    return 0;
}
