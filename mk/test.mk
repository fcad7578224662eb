# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
