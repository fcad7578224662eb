# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the documentation shows compiles: all C snippets of a document are one program.

import os
import re
import subprocess

import pytest

CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
PRELUDE = "#include <microkit.h>\n#include <libvmm/libvmm.h>\n"


@pytest.mark.parametrize("document", ["docs/manual.md", "README.md"])
def test_snippets_compile(root, build, document):
    snippets = re.findall(r"^```c\n(.*?)^```", (root / document).read_text(), re.MULTILINE | re.DOTALL)
    assert snippets
    compiler = subprocess.run([f"{CROSS}gcc", "-std=gnu11", "-ffreestanding", "-fsyntax-only", "-Wall", "-Wextra",
                               "-Werror", "-isystem", build / "microkit/include", f"-I{root}/include", "-xc", "-"],
                              input=PRELUDE + "".join(snippets), capture_output=True, text=True, check=False)
    assert compiler.returncode == 0, compiler.stderr


@pytest.mark.parametrize("document", ["docs/manual.md", "docs/specs.md", "docs/architecture.md", "README.md",
                                      "CONTRIBUTING.md", "CHANGES.md"])
def test_links_lead_somewhere(root, document):
    folder = (root / document).parent
    for target in re.findall(r"\]\(([^)#:]+)\)", (root / document).read_text()):
        assert (folder / target).exists(), f"{document}: {target}"
