# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Device trees that the library writes: dtc has no warnings."""

import os
import subprocess

import pytest


@pytest.mark.parametrize("gic", ["2", "3"])
def test_dtc_has_nothing_to_say(build, tmp_path, gic):
    tree = tmp_path / "guest.dtb"
    subprocess.run([os.path.join(build, "unit/boot/dtb_write_test"), tree, gic], check=True, timeout=60)
    result = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", tree], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0
    assert result.stderr == ""
    for node in ("arm,gic-v2m-frame", "pci-host-ecam-generic", "virtio,mmio"):
        assert node in result.stdout
