# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Two Linux guests with a VMM each, on one core: one of them misbehaves in every way, the other one keeps its state and
# gets its share of the core.

import re

import pytest

# Seconds. Two guests share one emulated core.
LIFETIME = 900
PATIENCE = 300
PROMPT = r"(?:~|/root) # (?:\x1b\[6n)?"
CTRL_T = "\x14"

# Without budgets, guests of one priority share the core equally. With one (linux.mk), the second guest gets its budget,
# the first one the rest. The tolerance covers what VMMs and console take.
HALVES = (0.5, 0.5)
BUDGET = (0.7, 0.3)
TOLERANCE = 0.05
# A second for a guest that has the core to itself; /proc/uptime counts in hundredths.
STEPS = 8000


class Guests:
    def __init__(self, console):
        self.console = console
        for _ in range(2):
            console.expect(r"^[12]\| .*libvmm guest: shell ready", timeout=PATIENCE)
        self.selected = 1

    def select(self, number):
        """Selects a guest and waits for its prompt."""
        if self.selected != number:
            self.console.send(CTRL_T)
            self.console.expect(rf"console: guest {number};")
            self.selected = number
        self.console.send("\n")
        self.console.expect(rf"^{number}\| .*{PROMPT}", timeout=PATIENCE)

    def run(self, number, command):
        """Runs a command in a guest's shell; answers the line that it printed."""
        self.select(number)
        self.console.send(f"echo; echo =`{command}`=\n")
        return self.console.expect(rf"^{number}\| =(.*)=\r", timeout=PATIENCE)[1]

    def start(self, number, command):
        self.select(number)
        self.console.send(command + "\n")

    def seconds_of_work(self, number):
        """How long a guest takes for a loop, by its clock, which goes on while the other one runs."""
        begin, _, end, _ = self.run(number, f"cat /proc/uptime; count {STEPS}; cat /proc/uptime").split()
        return float(end) - float(begin)


@pytest.fixture
def guests(machine, build):
    def start(gic, folder="examples/two-guests"):
        # Where nobody may use the core, time goes on at once.
        return Guests(machine(build / folder / f"gic{gic}/image.elf", gic=gic, lifetime=LIFETIME,
                              extra=["-icount", "shift=3,sleep=off"]))

    return start


@pytest.mark.parametrize("gic", [2, 3])
def test_one_misbehaves_the_other_goes_on(guests, gic):
    two = guests(gic)
    console = two.console
    assert two.run(1, "echo first >/tmp/mine; cat /tmp/mine") == "first"
    assert two.run(2, "echo second >/tmp/mine; cat /tmp/mine") == "second"

    # It spins, and floods its VMM with exits: each devmem is a read of the emulated distributor.
    two.start(2, "(while :; do :; done) & (while :; do devmem 0x8000004 32 >/dev/null; done) &")
    assert two.run(1, "cat /tmp/mine; sleep 1; echo on") == "first on"

    # It reboots, twice: nothing is left from before the reboot.
    for _ in range(2):
        two.start(2, "reboot -f")
        console.expect(r"^2\| .*libvmm guest: shell ready", timeout=PATIENCE)
        assert two.run(2, "ls /tmp") == ""
        assert two.run(1, "cat /tmp/mine") == "first"

    # It crashes.
    two.start(2, "echo c >/proc/sysrq-trigger")
    console.expect(r"^2\| .*Kernel panic", timeout=PATIENCE)
    assert two.run(1, "cat /tmp/mine") == "first"
    assert not re.search(r"^VMM_[12]\|ERROR", console.text, re.MULTILINE)


@pytest.mark.parametrize("gic, folder, shares", [
    (2, "examples/two-guests", HALVES),
    (3, "test/linux/budget", BUDGET),
])
def test_shares_while_the_other_one_spins(guests, gic, folder, shares):
    """And: the machine is off when both guests are."""
    two = guests(gic, folder)
    for number in (1, 2):
        two.start(number, "count() { i=0; while [ $i -lt $1 ]; do i=$((i+1)); done; }")
    alone = two.seconds_of_work(1)
    for number, share in enumerate(shares, start=1):
        other = 3 - number
        two.start(other, "while :; do :; done & spinner=$!")
        assert alone / two.seconds_of_work(number) == pytest.approx(share, rel=TOLERANCE), (number, alone)
        two.start(other, "kill $spinner")

    two.start(1, "poweroff -f")
    two.console.expect("console: guest 2;", timeout=PATIENCE)
    two.selected = 2
    assert two.run(2, "echo here") == "here"
    two.start(2, "poweroff -f")
    assert two.console.wait(timeout=PATIENCE) == 0
