# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""Every broken system description gets just the message that it must get, and no image."""

import pathlib

import pytest

BROKEN = sorted((pathlib.Path(__file__).parent / "broken").glob("*.system"))


def messages(run, system, programs):
    """Standard error, without what differs from one machine to another."""
    return run.stderr.replace(str(system), "FILE").replace(str(programs), "PROGRAMS")


@pytest.mark.parametrize("system", BROKEN, ids=lambda path: path.stem)
def test_broken(tool, system):
    tool.output.write_text("an older image")
    run = tool.run(system)
    assert messages(run, system, tool.programs) == system.with_suffix(".expect").read_text()
    assert run.returncode == 1
    assert run.stdout == ""
    assert not tool.output.exists()


def test_every_expectation_has_its_system():
    folder = pathlib.Path(__file__).parent / "broken"
    assert {path.stem for path in folder.glob("*.expect")} == {path.stem for path in BROKEN}
    assert len(BROKEN) >= 50
