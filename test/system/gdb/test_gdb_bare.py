# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""GDB and a bare guest with debug information: target.c."""

import re
import time

import pytest

import gdb as gdb_module

ASLEEP_SECONDS = 1.5


@pytest.fixture(params=[2, 3], ids=["gic2", "gic3"])
def system(request, build, machine, spawn, tmp_path):
    socket = tmp_path / "gdb"
    console = machine(build / f"test/gdb/gic{request.param}/image.elf", gic=request.param,
                      extra=gdb_module.qemu_arguments(socket))
    gdb = gdb_module.Gdb(spawn, socket, build / "test/gdb/target.elf")
    gdb.attach()
    return console, gdb


def stop_at(gdb, function):
    gdb.run(f"tbreak {function}")
    text = gdb.run("continue")
    assert f" {function.lstrip('*')} (" in text, text


def test_source_level(system):
    console, gdb = system
    assert gdb.value("$pc") == gdb.value("harness_header")
    stop_at(gdb, "add_squares")
    assert re.search(r"#0  .*add_squares \(count=10\).*\n#1 .* guest_main \(\)", gdb.run("backtrace"))
    # A breakpoint with a condition, a step into a call, a variable, and out again.
    gdb.run("break square if x == 3")
    assert "x=3" in (text := gdb.run("continue")), text
    assert gdb.value("x") == 3 and gdb.value("sum") == 0 + 1 + 4
    assert "Value returned is $1 = 9" in (text := gdb.run("finish")), text
    gdb.run("delete")
    # A function of the guest's, called by the debugger.
    assert " = 49" in (text := gdb.run("print square(7)")), text
    gdb.run("step")
    gdb.run("set variable late = 1000")
    gdb.run("set variable sum = sum + 1000")
    # A variable, watched by stepping.
    gdb.run("watch sum")
    text = gdb.run("continue")
    old, new = (int(value) for value in re.findall(r"(?:Old|New) value = (\d+)", text))
    assert new - old in (9, 16), text
    gdb.run("delete")
    # Registers and memory.
    stop_at(gdb, "add_exclusive")
    assert gdb.value("$sp") == gdb.value("$sp_el1") and gdb.value("$vbar_el1") != 0
    gdb.run("set $x9 = 0x123456789abcdef0")
    assert gdb.value("$x9") == 0x123456789abcdef0
    assert gdb.value("*(unsigned long *)$pc") == gdb.value("*(unsigned long *)add_exclusive")
    gdb.run("monitor phys on")
    assert "Cannot access" in gdb.run("x/x 0x8000000")
    gdb.run("monitor phys off")
    assert "reset" in gdb.run("monitor help") and "no such command" in gdb.run("monitor nonsense")
    assert "Remote failure" in gdb.run("set $mpidr_el1 = 0") or "Could not write" in gdb.run("set $mpidr_el1 = 0")
    gdb.run("detach")
    assert console.expect(r"^DONE (\d+) passed, (\d+) failed\r?$")[2] == "0"


def test_instructions(system):
    console, gdb = system
    # Load exclusive to store exclusive is one step.
    stop_at(gdb, "*add_exclusive")
    start = gdb.value("$pc")
    gdb.run("stepi")
    assert gdb.value("$pc") == start + 4 * 4 and gdb.value("exclusive") == 1 and gdb.value("$x2") == 0
    gdb.run("stepi")
    assert gdb.value("$pc") == start + 5 * 4
    # Steps mask interrupts, and nobody sees it.
    stop_at(gdb, "*change_masks")
    for masked in (False, False, True, True):
        gdb.run("stepi")
        assert (gdb.value("$cpsr") & 0x80 != 0) == masked
    assert gdb.value("$x1") & 0x80 == 0 and gdb.value("$x2") & 0x80 == 0x80
    # Into an exception, and back by ERET.
    stop_at(gdb, "break_here")
    brk = gdb.value("$pc")
    gdb.run("stepi")
    assert gdb.value("$pc") == gdb.value("$vbar_el1") + 0x200 and gdb.value("$elr_el1") == brk
    assert gdb.value("$spsr_el1") & 0x1c0 == 0x140  # of the program: SError and FIQ masked, IRQ not
    gdb.run(f"tbreak *{brk + 4:#x}")
    gdb.run("continue")
    assert gdb.value("$pc") == brk + 4
    # To EL0, where a step goes on to the next entry to EL1.
    eret = re.search(r"(0x[0-9a-f]+)[^\n]*\teret", gdb.run("x/20i exception_run_as"))[1]
    gdb.run(f"tbreak *{eret}")
    gdb.run("continue")
    gdb.run("stepi")
    assert gdb.value("$pc") == gdb.value("at_el0") and gdb.value("$cpsr") & 0xf == 0
    gdb.run("stepi")
    assert gdb.value("$pc") == gdb.value("$vbar_el1") + 0x400 and gdb.value("exclusive") == 2
    gdb.run("detach")
    assert console.expect(r"^DONE (\d+) passed, (\d+) failed\r?$")[2] == "0"


def test_time_stands_still(system):
    console, gdb = system
    stop_at(gdb, "stand_still")
    time.sleep(ASLEEP_SECONDS)
    gdb.run("detach")
    skipped_ms = int(console.expect(r"time that did not pass: (\d+) ms")[1])
    assert ASLEEP_SECONDS * 1000 <= skipped_ms < 1000 * gdb_module.PATIENCE
    assert console.expect(r"^DONE (\d+) passed, (\d+) failed\r?$")[2] == "0"


def test_reset_and_kill(system):
    console, gdb = system
    stop_at(gdb, "add_exclusive")
    gdb.run("break add_squares")
    gdb.run("monitor reset")
    gdb.run("flushregs")
    assert gdb.value("$pc") == gdb.value("harness_header")
    assert "add_squares" in gdb.run("continue")
    assert gdb.value("sum") == 0
    gdb.run("kill")
    assert "DONE" not in console.collect(1)
    gdb.attach()
    assert "vCPU 0: off" in gdb.run("monitor vcpus")
    gdb.run("delete")
    gdb.run("monitor reset")
    gdb.run("flushregs")
    gdb.run("detach")
    assert console.expect(r"^DONE (\d+) passed, (\d+) failed\r?$")[2] == "0"
