# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What an idle Linux guest costs: instructions that the kernel and the VMM execute a second, together.
#
# The count is exact: QEMU is told over its monitor to translate one instruction at a time and to log each execution in
# the address ranges of the kernel's and the VMM's code. Neither the guest's kernel (high addresses) nor an idle
# machine's programs run in those ranges.

import socket
import subprocess
import time

import pytest

READY = r"libvmm guest: shell ready"
PROMPT = r"/root # "
SECONDS = 10
INSTRUCTIONS_PER_SECOND_MAX = 20000
SETTLE_SECONDS = 8


class Monitor:
    """QEMU's human monitor on a Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.socket.connect(str(path))
        self._read()

    def _read(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += self.socket.recv(65536)
        return text.decode(errors="replace")

    def command(self, line):
        self.socket.sendall(line.encode() + b"\n")
        return self._read()


def code_range(elf):
    """The addresses of a program's functions, as first and length."""
    symbols = subprocess.run(["nm", "--defined-only", str(elf)], stdout=subprocess.PIPE, text=True, check=True).stdout
    code = [int(line.split()[0], 16) for line in symbols.splitlines() if line.split()[1] in "tT"]
    first, last = min(code), max(code)
    return f"{first:#x}..{last + 0x1000:#x}"


def one_instruction_at_a_time(monitor):
    """The command's name depends on QEMU's version."""
    for command in ("one-insn-per-tb on", "singlestep on"):
        if "unknown command" not in monitor.command(command):
            return
    pytest.fail("this QEMU has no command for one instruction a translation block")


def count(monitor, log, seconds):
    begin = log.stat().st_size if log.exists() else 0
    monitor.command("log exec,nochain")
    time.sleep(seconds)
    monitor.command("log none")
    with open(log, errors="replace") as file:
        file.seek(begin)
        return sum(1 for line in file if line.startswith("Trace"))


@pytest.mark.parametrize("gic", [2, 3])
def test_idle_guest_costs_little(machine, build, tmp_path, gic):
    folder = build / f"examples/linux/gic{gic}-256M"
    ranges = [code_range(build / "kernel/kernel.elf"), code_range(folder / "vmm.elf")]
    log = tmp_path / "executed"
    console = machine(folder / "image.elf", gic=gic,
                      extra=["-monitor", f"unix:{tmp_path}/monitor,server=on,wait=off",
                             "-D", str(log), "-dfilter", ",".join(ranges)])
    console.expect(READY)
    console.expect(PROMPT)
    console.collect(SETTLE_SECONDS)
    monitor = Monitor(tmp_path / "monitor")
    one_instruction_at_a_time(monitor)

    executed = count(monitor, log, SECONDS)
    print(f"GICv{gic}: {executed / SECONDS:.0f} instructions a second")
    # An idle Linux still has a few timer interrupts a second: nothing at all would be an error of the measurement.
    assert 100 < executed / SECONDS < INSTRUCTIONS_PER_SECOND_MAX
    console.send("uname -m\n")
    console.expect("^aarch64")
