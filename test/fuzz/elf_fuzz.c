/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The image tool with any ELF file as a program, or as the kernel; the system description is a good one that wants
 * symbols set. An input is a byte, whose lowest bit means the kernel, and the file.
 */
#include "tool_files.h"

#include <stdbool.h>

static const char description[] =
    "<system>\n"
    "  <memory_region name=\"ram\" size=\"0x200_000\" />\n"
    "  <memory_region name=\"data\" prefill_path=\"prefill.bin\" />\n"
    "  <protection_domain name=\"vmm\" priority=\"10\" stack_size=\"0x3000\">\n"
    "    <program_image path=\"pd.elf\" />\n"
    "    <map mr=\"ram\" vaddr=\"0x40000000\" setvar_vaddr=\"word\" setvar_size=\"other_word\" />\n"
    "    <map mr=\"data\" vaddr=\"0x50000000\" perms=\"r\" setvar_prefill_size=\"half\" />\n"
    "    <setvar symbol=\"bss_word\" region_paddr=\"ram\" />\n"
    "    <irq irq=\"33\" id=\"1\" setvar_id=\"byte\" />\n"
    "    <virtual_machine name=\"guest\"><vcpu id=\"0\" /><map mr=\"ram\" vaddr=\"0\" perms=\"rwx\" "
    "/></virtual_machine>\n"
    "  </protection_domain>\n"
    "</system>\n";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    if (size_bytes < 2) {
        return -1;
    }
    const struct tool_file file = {bytes + 1, size_bytes - 1};
    const bool is_kernel = (bytes[0] & 1) != 0;
    const struct tool_files files = {
        .system = {(const uint8_t *)description, sizeof(description) - 1},
        .kernel = is_kernel ? file : tool_files_good_kernel(),
        .program = is_kernel ? tool_files_good_program() : file,
    };
    tool_files_run(&files);
    return 0;
}
