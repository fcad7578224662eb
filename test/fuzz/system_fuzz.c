/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The image tool with any system description; the programs that it names are good ones. An input is the description.
 */
#include "tool_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    const struct tool_files files = {
        .system = {bytes, size_bytes},
        .kernel = tool_files_good_kernel(),
        .program = tool_files_good_program(),
    };
    if (size_bytes != 0) {
        tool_files_run(&files);
    }
    return 0;
}
