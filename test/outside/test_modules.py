# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# tools/guest/collect-modules, with a made-up package.

import gzip
import lzma
import subprocess

import pytest


def module(depends):
    """What the tool reads of a module: its section .modinfo."""
    return b"\x7fELF\0license=none\0depends=" + ",".join(depends).encode() + b"\0name=any\0"


@pytest.fixture
def collect(root, tmp_path):
    """collect(LIST, extra modules) runs the tool on a package of four modules and a built-in one."""
    folder = tmp_path / "usr/lib/modules/1/kernel"
    folder.mkdir(parents=True)
    (folder / "plain.ko").write_bytes(module(["packed", "zip-ped"]))
    (folder / "packed.ko.xz").write_bytes(lzma.compress(module(["zip_ped"])))
    (folder / "zip-ped.ko.gz").write_bytes(gzip.compress(module([])))
    (folder / "lost.ko").write_bytes(module(["nowhere"]))
    (folder.parent / "modules.builtin").write_text("kernel/drivers/built-in.ko\n")

    def run(text, *extra):
        (tmp_path / "list").write_text(text)
        return subprocess.run([root / "tools/guest/collect-modules", tmp_path / "usr", tmp_path / "list",
                               tmp_path / "out", *extra], stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    return run


def test_each_module_after_those_it_needs(collect, tmp_path):
    (tmp_path / "own.ko").write_bytes(module(["packed"]))
    result = collect("# all\nplain size=3 name=x # why\nbuilt_in\nown\n", tmp_path / "own.ko")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out/modules").read_text() == "zip_ped\npacked\nplain size=3 name=x\nown\n"
    assert (tmp_path / "out/packed.ko").read_bytes() == module(["zip_ped"])
    assert (tmp_path / "out/zip_ped.ko").read_bytes() == module([])
    # What an earlier list had named is gone.
    assert collect("zip-ped").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["modules", "zip_ped.ko"]


@pytest.mark.parametrize("name, missing", [("lost", "nowhere"), ("absent", "absent")])
def test_a_module_that_is_missing_is_named(collect, name, missing):
    result = collect(name)
    assert result.returncode != 0
    assert f"the kernel has no module {missing}" in result.stderr
