# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""docs/architecture.md and CONTRIBUTING.md name folders, files and functions: all of them exist."""

import re

import pytest

# A line of a walk: `file`: `function`, `function`
STEP = re.compile(r"^ *(?:\d+\.|-) `([^`]+)`: ((?:`\w+`(?:, )?)+)", re.MULTILINE)
# A name with a folder in it, without a placeholder such as NAME.
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")


def is_defined(name, text):
    """A function, a variable or a label at the beginning of a line."""
    return re.search(rf"^(?:\w[^;=#\n]*\b{name}\(|{name}:|#define {name}\()", text, re.MULTILINE)


def test_walks(root):
    steps = STEP.findall((root / "docs/architecture.md").read_text())
    assert len(steps) > 30
    for path, names in steps:
        text = (root / path).read_text()
        for name in re.findall(r"\w+", names):
            assert is_defined(name, text), f"{path} has no {name}"


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_paths(root, document):
    paths = [path for path in PATH.findall((root / document).read_text()) if not re.search(r"\b[A-Z]{4}|\bX\b", path)]
    assert len(paths) > 10
    missing = [path for path in paths if not (root / path).exists()]
    assert not missing, f"{document} names what is not there"
