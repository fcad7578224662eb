# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Four bare guests, each with its own VMM, on one core: one spins, floods its VMM with exits, crashes and restarts over
# and over; the others keep their state and get the share of the core that the system description says, within 5 %.

import re

import pytest

# The machine's time follows the number of instructions: what is measured is the same in each run.
DETERMINISTIC = ["-icount", "shift=3,sleep=off"]


@pytest.mark.parametrize("gic", [2, 3])
def test_guests_keep_share_and_state(machine, build, gic):
    console = machine(build / f"test/several/gic{gic}/image.elf", gic=gic, extra=DETERMINISTIC)
    console.expect(r"^DONE\r?$", timeout=600)
    # Not every check begins a line: a VMM that was preempted may stand before it.
    assert not re.findall(r"BAD .*$", console.text, re.MULTILINE), console.text
    assert len(re.findall(r"ok [a-z]", console.text)) == 30
    assert "KERNEL|ERROR" not in console.text
