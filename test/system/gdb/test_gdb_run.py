# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""`make run GDB=1`: the line to type, and that it does what it says; with the ready-made VMM too."""

import os
import re
import socket

import pytest

import gdb as gdb_module


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.xdist_group("make")
@pytest.mark.parametrize("example", ["linux", "virtio"])
def test_run(root, build, spawn, example):
    port = free_port()
    console = spawn(["make", "run", f"EXAMPLE={example}", "GDB=1", f"GDB_PORT={port}",
                     f"BUILD={os.path.relpath(build, root)}"], cwd=root)
    line = console.expect(r'in another terminal: gdb-multiarch -ex "(target remote localhost:\d+)"')[1]
    assert line.endswith(f":{port}")
    gdb = gdb_module.Gdb(spawn, None)
    while "Connection timed out" in (text := gdb.run(line)) or "refused" in text:
        assert console.process.poll() is None, console.text
    assert gdb.value("$pc") == 0x40000000
    assert re.search(r"sctlr_el1 +0x30d50838", gdb.run("info registers sctlr_el1"))
    gdb.run("detach")
    console.expect("libvmm guest: shell ready")
    if example == "virtio":
        gdb.run(line)
        text = gdb.run("monitor devices")
        assert re.search(r"virtio blk: status 0xf, .*; running", text), text
        assert "the disk is ready" in text
        gdb.run("detach")
    console.send("poweroff\n")
    assert console.wait() == 0
