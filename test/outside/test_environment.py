# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""`make run` wherever people build: in a folder of any name, with any setting of the shell, twice at once."""

import os
import shutil
import subprocess

import pytest

IMAGE = "examples/linux/gic2-256M/image.elf"
# What has been built of the Linux example.
BUILT = ["guest", "tools", "libvmm", "libvmm.a", "kernel", "microkit", "examples/linux/vmm.o", "examples/linux/vmm.d",
         "examples/linux/gic2-256M"]
# What depends on the environment: that is built again.
AGAIN = ["guest/initramfs.cpio.gz", "libvmm.a", "tools/image", "examples/linux/gic2-256M"]
QEMU = """#!/bin/sh
case "$*" in *help*) exec qemu-system-aarch64 "$@" ;; esac
echo 'the machine starts'
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The built tree once more, in a folder with a blank and a letter beyond ASCII in its name."""
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
    build = os.path.realpath(os.environ.get("BUILD", os.path.join(root, "build")))
    tree = tmp_path_factory.mktemp("a") / "földer with a blank"
    files = subprocess.run(["git", "-C", root, "ls-files"], capture_output=True, text=True, check=True).stdout.split()
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(os.path.join(root, name), tree / name, follow_symlinks=False)
    (tree / "build/examples/linux").mkdir(parents=True)
    for name in BUILT:
        subprocess.run(["cp", "-a", os.path.join(build, name), tree / "build" / name], check=True)
    (tree / "build/deb").symlink_to(os.path.join(build, "deb"))
    (tree / "qemu").write_text(QEMU)
    (tree / "qemu").chmod(0o755)
    return tree


def start(tree, *words, redirection="", **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "BUILD", "STEPS")}
    command = f'exec make QEMU=./qemu "$@" run {redirection}'
    return subprocess.Popen(["sh", "-c", command, "sh", *words], cwd=tree, stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**environment, **variables})


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    return out, err


@pytest.mark.parametrize("words, variables", [
    ([], {"CDPATH": "."}), ([], {"POSIXLY_CORRECT": "1"}), (["-j8"], {}),
], ids=["CDPATH", "POSIXLY_CORRECT", "jobs"])
def test_builds_the_same_image(tree, build, words, variables):
    for name in AGAIN:
        path = tree / "build" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    out, err = finish(start(tree, *words, **variables))
    assert out == "the machine starts\n"
    assert "warning" not in err
    assert (tree / "build" / IMAGE).read_bytes() == (build / IMAGE).read_bytes()


def test_twice_at_once(tree):
    for _ in range(3):
        both = [start(tree), start(tree)]
        assert [finish(each)[0] for each in both] == 2 * ["the machine starts\n"]


@pytest.mark.parametrize("redirection, shown", [("<&-", "the machine starts\n"), (">&-", ""), ("<&- >&-", "")])
def test_a_standard_file_is_closed(tree, redirection, shown):
    process = start(tree, redirection=redirection)
    out, err = process.communicate(timeout=300)
    assert out == shown
    assert "Traceback" not in err and "Error" not in err
