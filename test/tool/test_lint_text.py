# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# tools/lint/text: calls that MIN and MAX would make twice.

import subprocess

import pytest

OPENING = "/*\n * Copyright 2026, the libvmm authors\n * SPDX-License-Identifier: BSD-2-Clause\n */\n"


@pytest.mark.parametrize("line, problem", [
    ("length = MIN(length, find_room());", "MIN(...) would call 'find_room(...)' twice"),
    ("length = MAX(MIN(length, 3), find_room());", "MAX(...) would call 'find_room(...)' twice"),
    ("length = MIN(length,\n             find_room());", "MIN(...) would call 'find_room(...)' twice"),
    ("if (MAX(end_of(a), b) > c) {", "MAX(...) would call 'end_of(...)' twice"),
    ("x = MIN(MIN(room, sizeof(bytes)), (uint32_t)todo) + f(x);", ""),
    ("x = MIN(a, UINT64_C(3));", ""),
])
def test_choice(root, tmp_path, line, problem):
    (tmp_path / "choice.c").write_text(f"{OPENING}{line}\n")
    run = subprocess.run([root / "tools/lint/text", tmp_path], capture_output=True, text=True, check=False)
    assert (run.returncode == 0) == (problem == ""), run
    assert problem in run.stdout
