# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""The network virtualiser as a switch, with an access list: 1 and 2 may talk to each other, and 1 to 3."""

import re

import pytest

ROUNDS = 20
PORTS = 3
ALLOWED = {(1, 2), (2, 1), (1, 3)}


def expected(hearer, speaker, kind):
    if kind == "forged" or (speaker, hearer) not in ALLOWED:
        return 0
    return ROUNDS * PORTS if kind == "broadcast" else ROUNDS


@pytest.mark.parametrize("gic", [2, 3])
def test_access_list(machine, build, gic):
    console = machine(build / "test" / "drivers" / "switch" / "image.elf", gic=gic)
    console.expect(r"^0 wrong")
    heard = re.findall(r"^(\d) hears (\d) (\w+) (\d+)", console.text, re.MULTILINE)
    assert len(heard) == 27
    for hearer, speaker, kind, count in heard:
        assert int(count) == expected(int(hearer), int(speaker), kind), (hearer, speaker, kind, count)
    assert "BAD" not in console.text and "KERNEL|" not in console.text
