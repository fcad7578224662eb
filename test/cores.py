# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""The models of 64-bit cores with EL2 that some QEMU has."""

CORES = ["cortex-a35", "cortex-a53", "cortex-a55", "cortex-a57", "cortex-a72", "cortex-a76", "cortex-a710", "a64fx",
         "neoverse-n1", "neoverse-n2", "neoverse-v1", "max"]
