# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's Linux as a guest of the example's VMM, each test in a QEMU of its own.

import hashlib

import pytest

PROMPT = r"(?:~|/root) # "
MIB_IN_KIB = 1024
# The machine's time is that of its instructions, 8 ns each, and jumps ahead while it waits.
ICOUNT = ["-icount", "shift=3,sleep=off"]


@pytest.fixture
def linux(machine, build):
    """linux(gic=2, ram="256M", cpu="cortex-a53") boots the example up to the guest's first prompt."""

    def start(gic=2, ram="256M", **options):
        console = machine(build / f"examples/linux/gic{gic}-{ram}/image.elf", gic=gic, **options)
        console.boot()
        return console

    return start


def uptime(console):
    return float(console.shell("cat /proc/uptime").split()[0])


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a72", "max,pauth-impdef=on"])
@pytest.mark.parametrize("gic", [2, 3])
def test_shell_then_power_off(linux, gic, cpu):
    console = linux(gic=gic, cpu=cpu)
    assert console.shell("uname -sm") == "Linux aarch64\n"
    assert ("GICv3" if gic == 3 else "GIC-0") in console.shell("cat /proc/interrupts")
    console.power_off()


@pytest.mark.parametrize("gic, ram, kib", [(2, "96M", 96 * MIB_IN_KIB), (3, "1G", 1024 * MIB_IN_KIB)])
def test_other_ram_sizes(linux, gic, ram, kib):
    console = linux(gic=gic, ram=ram)
    total = int(console.shell("grep MemTotal /proc/meminfo").split()[1])
    # The kernel keeps some of it for itself; Debian 13's more than 12's.
    assert 0.5 * kib < total < kib
    console.power_off()


@pytest.mark.parametrize("gic", [2, 3])
def test_ten_thousand_typed_bytes_arrive(linux, gic):
    text = "".join(f"{number:04d} " + "the quick brown fox jumps over the lazy dog; " * 2 + "1234\n"
                   for number in range(100))
    assert len(text) == 10000
    console = linux(gic=gic)
    # With echo on: every byte causes output too. The shell has handed the terminal over when the first command runs.
    console.send("echo g''o; cat >/tmp/typed\n")
    console.expect("^go\r\n")
    console.send(text)
    console.expect("^0099 .*1234\r\n")
    console.send("\x04")
    console.expect(PROMPT)
    assert console.shell("wc -c </tmp/typed").strip() == "10000"
    assert console.shell("md5sum </tmp/typed").split()[0] == hashlib.md5(text.encode()).hexdigest()


@pytest.mark.parametrize("gic", [2, 3])
def test_reboots_five_times(linux, gic):
    console = linux(gic=gic)
    uptimes = [uptime(console)]
    for _ in range(5):
        console.send("reboot\n")
        console.expect("reboot: Restarting system")
        console.boot()
        uptimes.append(uptime(console))
    # Each guest's clock has begun with it: the last one has not been up for six boots.
    assert 0 < uptimes[-1] < sum(uptimes) / 2, uptimes
    console.power_off()


def test_restart_with_another_initramfs(machine, build):
    console = machine(build / "test/linux/restart/image.elf", cores=2, extra=ICOUNT)
    for name in ("first", "second", "first"):
        console.expect(f"initramfs: {name}")
        console.expect(PROMPT)
        # The VMM restarts its guest in the middle of a write to its own page.
        console.send("devmem 0xc000000 32 1\n")
    console.expect("initramfs: second")
    console.expect(PROMPT)
    # A guest's own reboot loads the last images again.
    console.send("reboot\n")
    console.expect("initramfs: second")
    console.expect(PROMPT)
    assert console.shell("uname -m") == "aarch64\n"
    console.power_off()


def test_timer_and_sleep(linux):
    """The guest's virtual timer wakes it from WFI, in time."""
    console = linux(extra=ICOUNT)
    begin, _, end, _ = console.shell("cat /proc/uptime; sleep 5; cat /proc/uptime").split()
    assert 5 <= float(end) - float(begin) <= 6
