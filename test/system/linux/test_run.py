# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# "make run" as a user has it: options, what is piped in, exit statuses.

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import pytest

import on_sdk

# Two builds at once in one build folder would get in each other's way.
pytestmark = pytest.mark.xdist_group("make")

# Seconds. A build, and a boot, on a loaded machine.
LIMIT_SECONDS = 600
SECONDS_TO_NEXT_TRY = 5
PROMPT = r"(?:~|/root) # "


def make(root, build, *arguments, text="", environment=None):
    """Runs make with `text` piped in; answers the finished process, its output with plain newlines."""
    options = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    on_sdk.skip_without(gic=int(options.get("GIC", on_sdk.GIC)),
                        cores=4 if options.get("EXAMPLE") == "smp" else int(options.get("CORES", 1)))
    command = ["make", f"BUILD={os.path.relpath(build, root)}", *arguments]
    try:
        result = subprocess.run(command, cwd=root, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                timeout=LIMIT_SECONDS, check=False, env={**os.environ, **(environment or {})})
    except subprocess.TimeoutExpired as error:
        printed = (error.stdout or b"").decode(errors="replace")
        pytest.fail(f"not done within {LIMIT_SECONDS} s: {' '.join(command)}\n  last output:\n{printed[-1500:]}")
    result.stdout = result.stdout.decode(errors="replace").replace("\r", "")
    result.stderr = result.stderr.decode(errors="replace")
    return result


def test_piped_commands_run_in_the_guest(root, build):
    result = make(root, build, "-s", "run", text="uname -a\npoweroff\n")
    assert result.returncode == 0, result.stderr
    assert "\nLinux guest " in result.stdout and "aarch64 GNU/Linux\n" in result.stdout
    assert "reboot: Power down" in result.stdout
    assert "make" not in result.stdout and result.stderr == ""


def test_nothing_piped_in_is_lost(root, build):
    """A program that reads, a slow command, a restart of the guest, tabs, and input that ends without poweroff."""
    lines = "".join(f"{number}\tx\n" for number in range(300))
    text = f"cat >/tmp/in\n{lines}\x04wc -c /tmp/in\nsleep 3; echo slow; reboot\necho again $((6 * 7))\n"
    result = make(root, build, "-s", "run", "GIC=3", text=text)
    assert result.returncode == 0, result.stderr
    assert f"{len(lines)} /tmp/in\n" in result.stdout
    assert result.stdout.count("\nslow\n") == 1
    assert result.stdout.count("libvmm guest: shell ready\n") == 2
    assert result.stdout.index("\nagain 42\n") > result.stdout.index("\nslow\n")
    assert "reboot: Power down" in result.stdout


@pytest.mark.parametrize("options, vcpus", [("EXAMPLE=smp", 4), ("GIC=3 SMP=3 CORES=2", 3)])
def test_several_vcpus(root, build, options, vcpus):
    result = make(root, build, "-s", "run", *options.split(), text="nproc\n")
    assert result.returncode == 0, result.stderr
    assert f"# nproc\n{vcpus}\n" in result.stdout


@pytest.mark.parametrize("options, command, answer", [
    ("EXAMPLE=uio GIC=3", "ask 'from here'", "FROM HERE"),
    ("EXAMPLE=passthrough", "grep -c -E 'virtio|eth1' /proc/interrupts; ls -d /disk/lost+found", "3\n/disk/lost+found"),
    ("EXAMPLE=virtio GIC=3 BUS=pci", "tty; grep -c 'virtio.-config' /proc/interrupts; ls -d /disk/lost+found",
     "/dev/hvc0\n4\n/disk/lost+found"),
])
def test_examples_with_devices(root, build, options, command, answer):
    result = make(root, build, "-s", "run", *options.split(), text=command + "\n")
    assert result.returncode == 0, result.stderr
    assert f"# {command}\n{answer}\n" in result.stdout


@pytest.mark.parametrize("option, message", [
    ("GIC=4", "GIC=4: must be 2 or 3"),
    ("MEM=95M", "MEM=95M: must be a multiple of 2M"),
    ("MEM=2G", "MEM=2G: must be from 96M to 1G"),
    ("MEM=lots", "MEM=lots: not a size"),
    ("CPU=cortex-a9", "CPU=cortex-a9: not a 64-bit Arm core"),
    ("SMP=9", "SMP=9: must be a number from 1 to 8"),
    ("SMP=many", "SMP=many: must be a number from 1 to 8"),
    ("CORES=0", "CORES=0: must be a number from 1 to 8"),
    ("EXAMPLE=none", "EXAMPLE=none: no such example; there are: kitty linux "),
    ("EXAMPLE=smp SMP=2", "EXAMPLE=smp: takes no SMP"),
    ("EXAMPLE=kitty GDB=1", "EXAMPLE=kitty: takes no GDB"),
    ("GDB=yes", "GDB=yes: must be 1"),
    ("GDB=1 BOARD=zcu102", "GDB=1: not for BOARD=zcu102, but for qemu_virt_aarch64"),
])
def test_wrong_options_are_named(root, build, option, message):
    result = make(root, build, "run", *option.split())
    assert result.returncode != 0
    assert message in result.stderr and result.stdout == ""


def test_missing_packages_are_named(root, build, tmp_path):
    """DEPS=0 installs nothing; it names what is missing and fails."""
    for tool in ("bash", "env", "make", "sh", "sort", "tr", "rm", "numfmt", "printf", "find", "dirname"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    result = make(root, build, "run", "DEPS=0", environment={"PATH": str(tmp_path)})
    assert result.returncode != 0
    assert "missing Debian packages:" in result.stderr and "qemu-system-arm" in result.stderr


def test_help_lists_targets_and_variables(root, build):
    result = make(root, build, "help")
    assert result.returncode == 0
    for word in ("run", "test", "lint", "clean", "GIC", "MEM", "CPU", "DEPS", "MICROKIT_SDK"):
        assert word in result.stdout


def read_until(master, pattern, seconds):
    """Reads a terminal until `pattern` appears."""
    text = ""
    end = time.monotonic() + seconds
    while not re.search(pattern, text):
        assert time.monotonic() < end, f"no {pattern!r} in:\n{text[-1500:]}"
        if select.select([master], [], [], 1.0)[0]:
            text += os.read(master, 65536).decode(errors="replace").replace("\r", "")
    return text


def press_until(master, key, pattern, seconds):
    """Presses a key, and again every few seconds until `pattern` appears: what it is for may not be there yet."""
    text = ""
    end = time.monotonic() + seconds
    next_try = 0.0
    while not re.search(pattern, text):
        assert time.monotonic() < end, f"no {pattern!r} after {key!r} in:\n{text[-1500:]}"
        if time.monotonic() >= next_try:
            os.write(master, key)
            next_try = time.monotonic() + SECONDS_TO_NEXT_TRY
        if select.select([master], [], [], 1.0)[0]:
            text += os.read(master, 65536).decode(errors="replace").replace("\r", "")


def test_on_a_terminal(root, build):
    """Steps, how to leave, a shell that takes what is typed, and leaving with Ctrl-A X."""
    master, slave = pty.openpty()
    command = ["timeout", str(2 * LIMIT_SECONDS), "make", f"BUILD={os.path.relpath(build, root)}", "run"]
    process = subprocess.Popen(command, cwd=root, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    try:
        text = read_until(master, PROMPT, LIMIT_SECONDS)
        assert "  BOOT " in text and "leave with Ctrl-A X" in text
        os.write(master, b"echo $((6 * 7)); tty\n")
        read_until(master, r"\n42\n/dev/ttyAMA0\n[^\n]*" + PROMPT, 60)
        # Ctrl-C ends what runs in the guest; the shell may not have started it yet.
        os.write(master, b"echo start''ed; sleep 1000\n")
        read_until(master, r"\nstarted\n", 60)
        press_until(master, b"\x03", PROMPT, 60)
        os.write(master, b"\x01x")
        read_until(master, "QEMU: Terminated", 60)
        assert process.wait(timeout=60) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(master)
