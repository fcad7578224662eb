# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The way through a Microkit SDK: a folder laid out like one, with the built-in kernel's files in it, and the example's
# VMM program and .system file, unchanged. The real SDK's tool and kernel are not part of this test.

import os
import shutil
import subprocess

import pytest

BOARD = "qemu_virt_aarch64"
CONFIG = "debug"

# Some of what the SDK's own headers do, which this tree's warnings would not let pass.
UNCLEAN = """
#ifndef SDK_UNCLEAN
#define SDK_UNCLEAN
static int sdk_narrow(unsigned long word)
{
    return word;
}
static int sdk_unused(unsigned long word)
{
    int word_too = sdk_narrow(word);
    {
        int word = word_too;
        return word;
    }
}
#endif
"""


@pytest.fixture
def sdk(build, tmp_path):
    """A folder with what the build uses of an SDK. The tool notes its arguments, and does what Microkit's would."""
    sdk = tmp_path / "sdk"
    (sdk / "bin").mkdir(parents=True)
    (sdk / "board" / BOARD).mkdir(parents=True)
    shutil.copytree(build / "microkit", sdk / "board" / BOARD / CONFIG)
    with open(sdk / "board" / BOARD / CONFIG / "include/microkit.h", "a", encoding="utf-8") as header:
        header.write(UNCLEAN)
    tool = sdk / "bin/microkit"
    tool.write_text(f"#!/bin/sh\necho \"$@\" >>{sdk}/calls\n"
                    f"exec {build}/tools/image \"$@\" --kernel {build}/kernel/kernel.elf\n")
    tool.chmod(0o755)
    return sdk


@pytest.fixture
def own_build(build, tmp_path):
    """A build folder of its own, with the packages and guest images already fetched."""
    folder = tmp_path / "build"
    folder.mkdir()
    for name in ("deb", "guest"):
        (folder / name).symlink_to(build / name)
    return folder


def test_linux_example_builds_with_an_sdk(machine, root, sdk, own_build):
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "BUILD")}
    make = subprocess.run(["make", f"MICROKIT_SDK={sdk}", f"MICROKIT_BOARD={BOARD}", f"BUILD={own_build}", "DEPS=0",
                           "linux-image"], cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=600, check=False)
    assert make.returncode == 0, make.stdout[-3000:]
    assert not (own_build / "kernel").exists(), "the built-in kernel is not for a build with the SDK"

    call = (sdk / "calls").read_text()
    assert f"--board {BOARD} --config {CONFIG}" in call
    assert "--kernel" not in call, "Microkit's tool does not know this option"

    images = list(own_build.glob("examples/linux/*/loader.img"))
    assert len(images) == 1
    console = machine(images[0])
    console.expect("shell ready")
