# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# tools/run/console with a made-up guest, whose output comes in the pieces that each test chooses.

import subprocess
import sys

import pytest

LIMIT_SECONDS = 200
READY = "libvmm guest: shell ready\r\n"
BANNER = "built-in shell (ash)\r\n\r\n"
EXIT_STATUS = 7

# Without editing, after SETUP: a shell that prints each line, as set -v makes it do, and runs "echo".
GUEST = f"""
import os, sys, time

def put(*pieces):
    for piece in pieces:
        os.write(1, piece.encode())
        time.sleep(0.3)

def line():
    text = b""
    while not text.endswith(b"\\n"):
        byte = os.read(0, 1)
        assert byte, "end of input"
        text += byte
    return text.decode().rstrip("\\n")

def boot(*pieces):
    put(*pieces)
    put(line() + "\\r\\n~ # ")

def shell():
    while True:
        text = line()
        put(text + "\\r\\n")
        if text == "poweroff":
            sys.exit({EXIT_STATUS})
        if text == "reboot":
            return
        put(text.replace("echo ", "") + "\\r\\n~ # ")

READY, BANNER = {READY!r}, {BANNER!r}
"""

ALL_AT_ONCE = "boot(READY + BANNER + '~ # \\x1b[6n')"
IN_PIECES = "boot('libvmm gue', 'st: shell ready\\r\\n', BANNER, '~', ' # ', '\\x1b[', '6n')"


def console(root, guest, text):
    """Runs the made-up guest with `text` piped in; answers exit status and output with plain newlines."""
    result = subprocess.run([sys.executable, str(root / "tools/run/console"), sys.executable, "-c", GUEST + guest],
                            input=text.encode(), stdout=subprocess.PIPE, timeout=LIMIT_SECONDS, check=False)
    return result.returncode, result.stdout.decode().replace("\r", "")


@pytest.mark.parametrize("boot", [ALL_AT_ONCE, IN_PIECES])
def test_output_in_any_pieces(root, boot):
    status, output = console(root, boot + "\nshell()", "echo one\necho two\npoweroff\n")
    assert status == EXIT_STATUS
    assert output.endswith("~ # echo one\none\n~ # echo two\ntwo\n~ # poweroff\n")
    assert "\x1b" not in output and "stty" not in output


def test_end_of_input_switches_off(root):
    status, output = console(root, ALL_AT_ONCE + "\nshell()", "echo last line without its end")
    assert status == EXIT_STATUS
    assert "\nlast line without its end\n" in output and output.endswith("~ # poweroff\n")


def test_nothing_piped_in(root):
    status, output = console(root, ALL_AT_ONCE + "\nshell()", "")
    assert status == EXIT_STATUS and output.endswith("~ # poweroff\n")


def test_lines_wait_for_a_guest_that_restarts(root):
    guest = "\n".join((IN_PIECES, "shell()", ALL_AT_ONCE, "shell()"))
    status, output = console(root, guest, "echo before\nreboot\necho after\n")
    assert status == EXIT_STATUS
    assert output.count("\nbefore\n") == 1 and output.count("\nafter\n") == 1
    assert output.index("\nafter\n") > output.rindex("shell ready")
