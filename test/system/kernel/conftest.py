# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Boots an image of the kernel's tests and judges what it prints: checks are lines "ok WHAT" or "BAD WHAT: ...", and
# "DONE" closes them.

import re

import pytest

# The machine's time follows the number of instructions: what is measured is the same in each run.
DETERMINISTIC = ["-icount", "shift=3,sleep=off"]

# Seconds.
PATIENCE = 240


class Run:
    def __init__(self, machine, build):
        self.machine = machine
        self.folder = build / "test" / "kernel"

    def __call__(self, name, crashes=0, extra=(), **options):
        """Boots image `name` until it is DONE; answers what it printed. `crashes`: PDs that the kernel must report."""
        console = self.machine(self.folder / name / "image.elf", extra=list(extra), **options)
        try:
            console.expect(r"^(DONE|KERNEL\|PANIC.*)\r?$" if crashes else r"^(DONE|KERNEL\|.*)\r?$", timeout=PATIENCE)
            console.collect(0.05)
        finally:
            self.check_lines(console.text)
        console.close()
        text = console.text
        assert crashes or re.search(r"\bok \w", text), f"{name} has checked nothing"
        assert len(re.findall(r"^KERNEL\|ERROR", text, re.MULTILINE)) == crashes, text
        assert "PANIC" not in text, text
        return text

    @staticmethod
    def check_lines(text):
        bad = re.findall(r"^.*\bBAD .*$", text, re.MULTILINE)
        assert not bad, "\n".join(bad)

    @staticmethod
    def find(pattern, text):
        assert re.search(pattern, text, re.MULTILINE), f"no {pattern!r} in:\n{text}"


@pytest.fixture
def run(machine, build):
    return Run(machine, build)


@pytest.fixture
def deterministic():
    return DETERMINISTIC
