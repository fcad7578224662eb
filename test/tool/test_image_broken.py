# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""Every broken system description gets just the messages that it must get, and no image."""

import broken
import pytest

CASES = list(broken.cases())


@pytest.mark.parametrize("text, messages", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_broken(tool, tmp_path, text, messages):
    system = tmp_path / "broken.system"
    system.write_text(text)
    tool.output.write_text("an older image")
    run = tool.run(system)
    # Without what differs from one machine to another.
    assert run.stderr.replace(str(system), "FILE").replace(str(tool.programs), "PROGRAMS") == messages
    assert (run.returncode, run.stdout) == (1, "")
    assert not tool.output.exists()


@pytest.mark.parametrize("text", [broken.WHOLE, broken.SMALL], ids=["whole", "small"])
def test_what_is_changed_is_not_broken(tool, tmp_path, text):
    system = tmp_path / "whole.system"
    system.write_text(text)
    run = tool.run(system)
    assert (run.returncode, run.stderr) == (0, "")
