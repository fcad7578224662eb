# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""The check of directions sees an include, a call and an address that go the wrong way, and nothing else."""

import subprocess

import pytest
from image_tool import CROSS, ROOT

FILES = {"src/vm/low.c": "int low(void);\nint low(void) { return 1; }\n",
         "src/vm/low.h": "int low(void);\n",
         "src/devices/high.c": '#include "vm/low.h"\nint high(void);\nint high(void) { return low(); }\n',
         "src/devices/high.h": "int high(void);\n"}


@pytest.mark.parametrize("changes, messages", [
    ({}, []),
    ({"src/vm/low.c": "int high(void);\nint low(void) { return high(); }\n"},
     ["src/vm/low.c: calls high of src/devices/high.c", "src/vm calls src/devices 1 times"]),
    ({"src/vm/low.c": "int high(void);\nint (*low)(void) = high;\n"},
     ["src/vm/low.c: calls high of src/devices/high.c", "src/vm calls src/devices 1 times"]),
    ({"src/vm/low.c": '#include "devices/high.h"\nint low(void) { return 1; }\n'},
     ["src/vm/low.c:1: includes src/devices/high.h", "src/vm includes src/devices 1 times"]),
    ({"src/vm/other.h": "#include <stdio.h>\n"}, ["src/vm/other.h:1: may not include the system's <stdio.h>"]),
    ({"src/attic/old.c": '#include "vm/low.h"\n'}, ["src/attic/old.c:1: is in no room of ARCHITECTURE.md's table"]),
], ids=["right", "call", "address", "include", "system", "no-room"])
def test_directions(tmp_path, changes, messages):
    for name, text in {**FILES, **changes}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in tmp_path.rglob("src/*/*.c"):
        out = tmp_path / "objects" / path.relative_to(tmp_path / "src").with_suffix(".o")
        out.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([CROSS + "gcc", "-w", "-I", tmp_path / "src", "-c", path, "-o", out], check=True)
    run = subprocess.run([ROOT / "tools/lint/directions", "--root", tmp_path, "--objects", tmp_path / "objects"],
                         capture_output=True, text=True, check=False)
    found = [line for line in run.stdout.splitlines() if "lower LEFT" not in line]
    assert len(found) == len(messages) and all(line.startswith(text) for line, text in zip(found, messages)), run
    assert run.returncode == (1 if messages else 0)
