# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's Linux with several vCPUs on one core and more, the VMM at higher and at lower priority than they. QEMU
# emulates all cores in one thread, and the machine's time follows the number of instructions, so that time does not
# run away from a guest on a slow machine, and goes on at once while all cores wait; except where a test says otherwise.
# Busy cores get that thread for 100 ms each, so little in these tests is busy. TEST_MATRIX=1 (make
# test-smp): every variant, and as many wake-ups as take minutes.

import os
import re

import pytest

IS_MATRIX = os.environ.get("TEST_MATRIX") == "1"
ALL = [(gic, vcpus, cores, vmm) for gic in (2, 3) for vcpus in (2, 4, 8) for cores in (1, 2, 4)
       for vmm in ("", "-low")]
# As in linux.mk.
SOME = [(2, 2, 1, "-low"), (3, 2, 2, ""), (2, 4, 2, ""), (3, 4, 1, "-low"), (2, 8, 4, ""), (3, 8, 2, "-low")]
WAKE_UPS = 2000 if IS_MATRIX else 400
HOTPLUGS = 50 if IS_MATRIX else 10

READY = r"libvmm guest: shell ready"
PROMPT = r"(?:~|/root) # "
ICOUNT = ["-icount", "shift=3,sleep=off"]
# Seconds. Emulation on a loaded machine.
LIFETIME = 900
PATIENCE = 300


class Guest:
    """A Linux guest's shell."""

    def __init__(self, console):
        self.console = console
        self.wait_for_shell()

    def wait_for_shell(self):
        self.console.expect(READY, timeout=PATIENCE)
        self.console.expect(PROMPT)
        # No line is broken when it is echoed.
        self.console.send("stty columns 1000\n")
        self.console.expect(PROMPT)

    def run(self, command, timeout=PATIENCE):
        """Runs a command; answers what it printed, without the kernel's messages."""
        self.console.send(command + "\n")
        self.console.expect(r"\n")
        begin = self.console.read_up_to
        match = self.console.expect(PROMPT, timeout=timeout)
        text = self.console.text[begin:match.start()].replace("\r", "").replace("\x1b[6n", "")
        return "".join(line + "\n" for line in text.splitlines() if not re.match(r"\[ *\d+\.\d+\] ", line))

    def interrupts(self, name):
        """The row of /proc/interrupts that has `name` in it: its number, and its count on each CPU."""
        words = self.run(f"grep '{name}' /proc/interrupts").split()
        counts = [int(word) for word in words[1:1 + int(self.run("nproc"))]]
        return words[0].rstrip(":"), counts

    def power_off(self, command="poweroff"):
        self.console.send(command + "\n")
        self.console.expect("reboot: Power down", timeout=PATIENCE)
        assert self.console.wait() == 0


@pytest.fixture
def linux(machine, build):
    """linux(gic, vcpus, cores, vmm="") boots a variant of the example up to its first prompt."""

    def start(gic, vcpus, cores, vmm="", qemu=ICOUNT):
        folder = build / f"examples/linux/gic{gic}-256M-{vcpus}x{cores}{vmm}"
        return Guest(machine(folder / "image.elf", gic=gic, cores=cores, lifetime=LIFETIME, extra=qemu))

    return start


@pytest.mark.parametrize("gic, vcpus, cores, vmm", ALL if IS_MATRIX else SOME)
def test_every_vcpu_is_up(linux, gic, vcpus, cores, vmm):
    guest = linux(gic, vcpus, cores, vmm)
    assert guest.run("nproc") == f"{vcpus}\n"
    assert guest.run("grep -c ^processor /proc/cpuinfo") == f"{vcpus}\n"
    assert guest.run(f"wake {WAKE_UPS}") == f"wake: {WAKE_UPS} wake-ups on {vcpus} CPUs, none lost\n"
    # The kernel does it on that CPU, whichever runs the command.
    guest.run(f"echo {vcpus - 1} >/sys/kernel/reboot/cpu")
    guest.power_off()


@pytest.mark.skipif(not IS_MATRIX, reason="takes minutes: make test-smp")
@pytest.mark.parametrize("gic, vcpus, cores", [(2, 4, 4), (3, 4, 4), (3, 8, 4), (2, 4, 1), (2, 4, 2), (3, 2, 2)])
def test_a_hundred_thousand_wake_ups(linux, gic, vcpus, cores):
    guest = linux(gic, vcpus, cores)
    assert guest.run("wake", timeout=600) == f"wake: 100000 wake-ups on {vcpus} CPUs, none lost\n"
    guest.power_off()


@pytest.mark.skipif(not IS_MATRIX, reason="takes minutes: make test-smp")
@pytest.mark.parametrize("gic, vmm", [(2, ""), (3, "-low")])
def test_cores_that_run_at_the_same_time(linux, gic, vmm):
    guest = linux(gic, 4, 2, vmm, qemu=["-accel", "tcg,thread=multi"])
    assert guest.run("wake 5000", timeout=600) == "wake: 5000 wake-ups on 4 CPUs, none lost\n"
    guest.power_off()


@pytest.mark.parametrize("gic, vcpus, cores", [(2, 4, 2), (3, 2, 2)])
def test_cpu_hotplug(linux, gic, vcpus, cores):
    guest = linux(gic, vcpus, cores)
    last = vcpus - 1
    switch = f"/sys/devices/system/cpu/cpu{last}/online"
    output = guest.run(f"for i in $(seq {HOTPLUGS}); do echo 0 >{switch} && nproc && echo 1 >{switch} && nproc || "
                       "echo failed; done; echo end", timeout=600)
    assert output == f"{last}\n{vcpus}\n" * HOTPLUGS + "end\n"
    assert guest.run("wake 200") == f"wake: 200 wake-ups on {vcpus} CPUs, none lost\n"
    guest.power_off()


@pytest.mark.parametrize("gic, vcpus, cores", [(2, 4, 2), (3, 4, 4)])
def test_reboot_from_any_vcpu(linux, gic, vcpus, cores):
    guest = linux(gic, vcpus, cores)
    busy = "taskset -c 1 sh -c 'while :; do :; done' & " if cores <= 2 else ""
    for command in ("reboot", f"echo {vcpus - 1} >/sys/kernel/reboot/cpu; reboot",
                    # At once, from the CPU that runs the command.
                    f"{busy}taskset -c 2 sh -c 'echo b >/proc/sysrq-trigger'"):
        guest.console.send(command + "\n")
        guest.wait_for_shell()
        assert guest.run("nproc") == f"{vcpus}\n"
    guest.power_off("taskset -c 1 poweroff -f")


def test_interrupts_go_where_linux_routes_them(linux):
    for gic, cores in ((2, 2), (3, 4)):
        guest = linux(gic, 4, cores)
        irq, _ = guest.interrupts("uart-pl011")
        for cpu in (2, 1, 3, 0):
            guest.run(f"echo {1 << cpu:x} >/proc/irq/{irq}/smp_affinity")
            _, before = guest.interrupts("uart-pl011")
            guest.run("echo something that takes some interrupts of the serial line")
            _, after = guest.interrupts("uart-pl011")
            risen = [now > then for now, then in zip(after, before)]
            assert risen == [number == cpu for number in range(4)], (gic, cpu, before, after)
        guest.power_off()


def test_restart_by_the_vmm_with_all_vcpus_up(machine, build):
    console = machine(build / "test/linux/restart/image.elf", cores=2, lifetime=LIFETIME, extra=ICOUNT)
    guest = Guest(console)
    for _ in range(2):
        assert guest.run("nproc") == "4\n"
        # The VMM restarts its guest in the middle of a write, by one vCPU, to its own page.
        console.send("taskset -c 1 sh -c 'while :; do :; done' & taskset -c 3 devmem 0xc000000 32 1\n")
        guest.wait_for_shell()
    guest.power_off()


@pytest.mark.parametrize("image, message", [
    ("examples/linux/gic2-256M-9x4", r"VMM\|ERROR: .*9.*8"),
    ("test/linux/too-many", "VMM.ERROR: the guest has 4 CPUs, but the system description has no vCPU 2"),
])
def test_too_many_cpus_are_refused(machine, build, image, message):
    console = machine(build / image / "image.elf", gic=2 if "gic2" in image else 3, cores=4)
    console.expect(message)
    assert "Booting Linux" not in console.text + console.collect(1.0)
