# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""GDB and Debian's kernel, two vCPUs on one core: examples/linux as `make run GDB=1` runs it."""

import os
import re
import subprocess

import pytest

import gdb as gdb_module

KERNEL = 0xffff800008000000  # where the kernel is without KASLR, and what the VMM loads at the start of RAM
KERNEL_BYTES = 0x4000000
RAM = 0x40000000
# The way of a read of /proc/version, and functions around it: without them GDB does not see where these end.
CALLS = ("version_proc_show", "start_kernel", r"seq_\w+", r"proc_\w+", r"vfs_\w+", r"ksys_\w+", r"__arm64_sys_\w+",
         r"el0\w*", r"invoke_\w+", r"do_el0\w+", r"\w*splice\w*", r"do_sendfile", r"new_sync_\w+", r"generic_file\w+")


def symbols(console, *patterns):
    """The kernel's functions that match, as addresses by name; `patterns` are of grep."""
    text = console.shell("grep -wE '" + "|".join(patterns) + "' /proc/kallsyms")
    found = re.findall(r"^([0-9a-f]+) [tT] ([\w.]+)\s*$", text, re.MULTILINE)
    return {name: int(address, 16) for address, name in found}


def make_symbol_file(at, cross, folder):
    """A program that is nothing but these functions' names, as the kernel's own vmlinux has them."""
    source, program = folder / "kernel.s", folder / "kernel.elf"
    lines = ['.section .kernel,"ax",%nobits']
    for name, address in at.items():
        lines += [f".global {name}", f".type {name},%function", f"{name} = .kernel + {address - KERNEL:#x}"]
    source.write_text("\n".join([*lines, f".skip {KERNEL_BYTES:#x}", ""]))
    subprocess.run([f"{cross}gcc", "-nostdlib", "-static", f"-Wl,--section-start=.kernel={KERNEL:#x}", "-Wl,-e0",
                    "-o", program, source], check=True)
    return program


def walk_frames(gdb):
    """The functions in the chain of frame records: what a backtrace with vmlinux at hand shows from its tables."""
    record, names = gdb.value("$x29"), []
    while record > KERNEL and len(names) < 30:
        caller = gdb.value(f"*(unsigned long *){record + 8:#x}")
        caller |= 0xffff << 48  # without the authentication code
        names.append(gdb.run(f"info symbol {caller:#x}").split()[0])
        record = gdb.value(f"*(unsigned long *){record:#x}")
    return names


@pytest.fixture
def system(build, machine, spawn, tmp_path):
    socket = tmp_path / "gdb"
    console = machine(build / "examples/linux/gic2-256M-2x1-gdb/image.elf", gic=2,
                      extra=gdb_module.qemu_arguments(socket))
    console.expect_log("wait for a debugger")
    return console, gdb_module.Gdb(spawn, socket)


def test_linux(system, tmp_path):
    console, gdb = system
    # Before the first instruction.
    gdb.attach()
    assert gdb.value("$pc") == RAM
    assert "libvmm guest" not in console.text
    assert "vCPU 0: stopped" in (vcpus := gdb.run("monitor vcpus")) and "vCPU 1: off" in vcpus
    gdb.run("stepi 2")
    assert RAM < gdb.value("$pc") < RAM + 0x4000000
    assert "detached" in gdb.run("detach")
    console.boot()
    console.shell("stty columns 1000")
    at = symbols(console, *CALLS)
    gdb.run(f"symbol-file {make_symbol_file(at, os.environ['CROSS'], tmp_path)}")

    # A kernel that runs: both vCPUs, its memory by its own tables.
    gdb.attach()
    assert re.search(r"Thread 1 \(vCPU 0\)[^$]*Thread 2 \(vCPU 1\)", gdb.run("info threads"))
    assert "Cannot access memory" in gdb.run("x/x 0x123456789000")
    gdb.run(f"break *{at['version_proc_show']:#x}")
    for cpu in (0, 1):
        gdb.begin("continue")
        console.send(f"taskset -c {cpu} cat /proc/version\n")
        assert re.search(r"hit Breakpoint 1\b", text := gdb.end()), text
        assert gdb.value("$pc") == at["version_proc_show"]
        assert gdb.value("$_thread") == cpu + 1
        assert re.search(r"#0 .* version_proc_show \(\)\r?\n#1 .* seq_read_iter \(\)", gdb.run("backtrace"))
        callers = walk_frames(gdb)
        assert "__arm64_sys" in " ".join(callers) and "el0_svc" in " ".join(callers), callers
        # What the breakpoint hides is seen.
        assert "smc" not in gdb.run("x/2i $pc")
    # Up to a call, whose arguments are a text and variables of the kernel's.
    while "\tbl\t" not in (text := gdb.run("x/i $pc")):
        gdb.run("stepi")
        assert gdb.value("$pc") - at["version_proc_show"] < 0x100, text
    assert "%s version %s" in gdb.run("x/s $x1")
    assert '"Linux"' in gdb.run("x/s $x2")
    gdb.run("set {char[6]}$x2 = \"Minix\"")
    # Over it, and then into whatever comes.
    pc = gdb.value("$pc")
    gdb.run("nexti")
    assert gdb.value("$pc") == pc + 4
    gdb.run("delete")
    gdb.run("stepi 300")
    assert gdb.value("$pc") > KERNEL
    gdb.begin("continue")
    console.expect("Minix version [^\n]*\n")
    console.expect(r"(?:~|/root) # ")
    assert console.shell("uname").strip() == "Minix"

    # Why an interrupt does not come.
    gdb.interrupt()
    assert "interrupt 33: passed through, channel 1" in (text := gdb.run("monitor irq 33"))
    assert "-> not raised" in text and "enabled yes" in text and "goes to vCPU 0" in text
    assert "0x0008000000 to 0x0008000fff: emulated" in gdb.run("monitor memory")
    assert "none" in gdb.run("monitor errors")
    gdb.begin("continue")

    # A guest that never rests.
    console.shell("for i in 1 2 3; do (while :; do :; done) & done")
    assert "SIGINT" in (text := gdb.interrupt()), text
    console.send("echo still $((40 + 2))\n")
    gdb.begin("continue")
    console.expect("still 42")
    gdb.interrupt()

    # Across a reboot, before the kernel's tables are there.
    gdb.run(f"monitor map {KERNEL:#x} {RAM:#x} 0x4000000")
    gdb.run(f"break *{at['start_kernel']:#x}")
    gdb.begin("continue")
    console.send("\nreboot\n")
    assert "hit Breakpoint" in (text := gdb.end()), text
    assert gdb.value("$pc") == at["start_kernel"]
    assert "waits" not in gdb.run("monitor breakpoints")
    gdb.run("detach")
    console.boot()
    assert console.shell("nproc").strip() == "2"
    console.power_off()
