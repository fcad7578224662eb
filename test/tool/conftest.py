# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests of the image tool share.

import pytest
from image_tool import Tool, make_programs


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A folder with every program."""
    folder = tmp_path_factory.mktemp("programs")
    make_programs(folder)
    return folder


@pytest.fixture
def tool(programs, tmp_path):
    return Tool(programs, tmp_path)
