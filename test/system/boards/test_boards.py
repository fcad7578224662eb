# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Linux on four cores of boards that are not QEMU's virt machine, on the board's own UART."""

import os

import pytest

QEMU = os.environ.get("QEMU", "qemu-system-aarch64")
COMMON = ["-smp", "4", "-accel", "tcg,thread=single", "-nic", "none", "-display", "none", "-monitor", "none",
          "-serial", "stdio"]
# QEMU's arguments, the interrupt controller of the image, and the UART's interrupt as Linux names it.
BOARDS = {
    "zcu102": (["-machine", "xlnx-zcu102,virtualization=on,secure=off", "-m", "4G"], "gic2", "53 Level     xuartps"),
}


@pytest.mark.parametrize("board", BOARDS)
def test_linux_on_four_cores(spawn, build, board):
    arguments, gic, uart = BOARDS[board]
    image = build / board / "examples" / "smp" / gic / "image.elf"
    console = spawn([QEMU, *arguments, *COMMON, "-kernel", image], lifetime=480)
    console.boot(timeout=240)
    assert "\n4\n" in "\n" + console.shell("nproc")
    assert uart in console.shell("cat /proc/interrupts")
    console.send("reboot\n")
    console.boot(timeout=240)
    console.power_off()
