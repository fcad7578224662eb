# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What an idle Linux guest costs: instructions that the kernel and the VMM execute a second, together.
#
# The count is exact: QEMU is told over its monitor to translate one instruction at a time and to log each execution in
# the address ranges of the kernel's and the VMM's code. Neither the guest's kernel (high addresses) nor an idle
# machine's programs run in those ranges. All of this slows the machine down, so its time is counted in instructions
# (-icount) and not taken from the host: otherwise the guest would have more timer interrupts than it has by itself.

import re
import socket
import subprocess
import time

import pytest

SECONDS = 20
INSTRUCTIONS_PER_SECOND_MAX = 20000
SETTLE_SECONDS = 10
# Of the development machine.
PATIENCE = 300
# The machine's PL031 counts the seconds of the machine's time.
CLOCK = 0x9010000


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

    def seconds(self):
        """The machine's own time."""
        return int(re.search(r"0*%x: (0x[0-9a-f]+)" % CLOCK, self.command(f"xp /1wx {CLOCK:#x}"))[1], 16)


def code_range(elf):
    """The addresses of a program's functions, first and last; not those of the guest's images behind them."""
    symbols = subprocess.run(["nm", "--defined-only", str(elf)], stdout=subprocess.PIPE, text=True, check=True).stdout
    code = [int(fields[0], 16) for fields in map(str.split, symbols.splitlines())
            if fields[1] in "tT" and "_image" not in fields[2]]
    return f"{min(code):#x}..{max(code) + 0x1000:#x}"


def one_instruction_at_a_time(monitor):
    """The command's name depends on QEMU's version."""
    for command in ("one-insn-per-tb on", "singlestep on"):
        if "unknown command" not in monitor.command(command):
            return
    pytest.fail("this QEMU has no command for one instruction a translation block")


def instructions_per_second(monitor, log, seconds):
    begin = log.stat().st_size if log.exists() else 0
    started = monitor.seconds()
    monitor.command("log exec,nochain")
    give_up = time.monotonic() + PATIENCE
    while monitor.seconds() < started + seconds:
        assert time.monotonic() < give_up, "the machine's time stands still"
        time.sleep(1)
    monitor.command("log none")
    elapsed = monitor.seconds() - started
    with open(log, errors="replace") as file:
        file.seek(begin)
        return sum(1 for line in file if line.startswith("Trace")) / elapsed


@pytest.mark.parametrize("gic", [2, 3])
def test_idle_guest_costs_little(machine, build, tmp_path, gic):
    folder = build / f"examples/linux/gic{gic}-256M"
    ranges = [code_range(build / "kernel/kernel.elf"), code_range(folder / "vmm.elf")]
    log = tmp_path / "executed"
    console = machine(folder / "image.elf", gic=gic,
                      extra=["-icount", "shift=1", "-rtc", "clock=vm",
                             "-monitor", f"unix:{tmp_path}/monitor,server=on,wait=off",
                             "-D", str(log), "-dfilter", ",".join(ranges)])
    console.boot()
    console.collect(SETTLE_SECONDS)
    monitor = Monitor(tmp_path / "monitor")
    one_instruction_at_a_time(monitor)

    executed = instructions_per_second(monitor, log, SECONDS)
    print(f"GICv{gic}: {executed:.0f} instructions a second")
    # An idle Linux still has a few timer interrupts a second: nothing at all would be an error of the measurement.
    assert 100 < executed < INSTRUCTIONS_PER_SECOND_MAX
    assert console.shell("uname -m") == "aarch64\n"
