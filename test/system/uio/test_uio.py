# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# examples/uio: a program of the Linux guest asks a native component, over shared memory and notifications.

import re

import pytest

COUNT = 1000
TEXT_BYTES = 1024
# Offsets of examples/uio/service.h.
SHARED, DOORBELL = 0xb000000, 0xb001000
ASKED, LENGTH = SHARED, SHARED + 4
ANSWER_LENGTH = SHARED + 8 + TEXT_BYTES + 4


@pytest.fixture
def linux(machine, build):
    """linux(gic) boots the example up to the guest's first prompt."""

    def start(gic):
        console = machine(build / f"examples/uio/gic{gic}/image.elf", gic=gic)
        console.boot()
        return console

    return start


def interrupts(console):
    """How many interrupts of the service the guest took."""
    table = console.shell("cat /proc/interrupts")
    return int(re.search(r"^ *\d+: +(\d+) .* 132 +Edge +window", table, re.MULTILINE)[1])


@pytest.mark.parametrize("gic", [2, 3])
def test_service_answers(linux, gic):
    console = linux(gic)
    assert console.shell("ask 'Hello, world'") == "HELLO, WORLD\n"
    assert interrupts(console) == 1
    assert console.shell(f"ask again {COUNT}") == "AGAIN\n"
    assert interrupts(console) == 1 + COUNT
    assert console.shell("ask ''") == "\n"
    assert console.shell("ask $(printf '%02000d' 0) | tr -d '\\n' | wc -c").strip() == str(TEXT_BYTES)
    # Another guest goes on where the last one was.
    console.send("reboot\n")
    console.expect("reboot: Restarting system")
    console.boot()
    assert console.shell(f"ask after {COUNT}") == "AFTER\n"
    assert interrupts(console) == COUNT
    console.power_off()


def test_service_distrusts_the_guest(linux):
    """A length that is far too large, a doorbell that rings for nothing, reads of the doorbell."""
    console = linux(2)
    console.shell(f"devmem {LENGTH:#x} 32 0xffffffff")
    console.shell(f"devmem {ASKED:#x} 32 77")
    for _ in range(3):
        console.shell(f"devmem {DOORBELL:#x} 32 1")
    assert int(console.shell(f"devmem {DOORBELL:#x} 64"), 16) == 0
    assert int(console.shell(f"devmem {ANSWER_LENGTH:#x} 32"), 16) == TEXT_BYTES
    assert console.shell("ask on") == "ON\n"
    console.power_off()
