# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""Which package fetch-deb takes, with an apt that knows one meta-package."""

import os
import subprocess

import pytest
from image_tool import ROOT

PROGRAMS = {
    "dpkg": "echo amd64",
    "apt-get": 'case "$*" in *download*) for name; do :; done; echo "$name" >"${name}_1_arm64.deb" ;; esac',
    "apt-cache": 'case "$*" in *depends*) cat "$APT_DEPENDS" ;; *show*) : ;; esac',
    "dpkg-deb": 'cp "$2" "$3/package"',
}


def fetch(folder, depends, *words):
    (folder / "bin").mkdir()
    for name, body in PROGRAMS.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / "depends").write_text(depends)
    environment = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "APT_DEPENDS": str(folder / "depends")}
    return subprocess.run([ROOT / "tools/guest/fetch-deb", *words, folder / "out"], env=environment, text=True,
                          capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("depends, taken", [
    ("linux-image-arm64\n  Depends: linux-image-6.1.0-1-arm64\n", "linux-image-6.1.0-1-arm64"),
    ("linux-image-arm64\n  Depends: linux-base-arm64\n  Depends: linux-image-7.1-arm64\n", "linux-image-7.1-arm64"),
    ("linux-image-arm64\n |Depends: linux-image-7.1-arm64\n  Depends: linux-image-7.1-arm64-unsigned\n",
     "linux-image-7.1-arm64"),
], ids=["first", "later", "choice"])
def test_dependency(tmp_path, depends, taken):
    result = fetch(tmp_path, depends, "--dependency", "linux-image-*", "linux-image-arm64:arm64")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out/package").read_text() == taken + "\n"
    assert (tmp_path / "out/.fetched").read_text() == f"{taken}_1_arm64.deb\n"


def test_no_such_dependency(tmp_path):
    result = fetch(tmp_path, "linux-image-arm64\n  Depends: linux-base\n", "--dependency", "linux-image-*",
                   "linux-image-arm64:arm64")
    assert result.returncode == 1
    assert "no package linux-image-arm64 that depends on a linux-image-* for arm64" in result.stderr
