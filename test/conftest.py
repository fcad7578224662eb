# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the system tests share: a machine in QEMU with its console on a pipe.
#
#   def test_something(machine):
#       console = machine("build/x.elf", gic=3)           # any number of machines in a test, each ended with it
#       console.expect("ready")                           # a regular expression; the text up to its end is consumed
#       console.send("uname -a\n")
#       assert console.wait() == 0                        # QEMU's exit status
#
# Every QEMU has a time limit, runs in a process group of its own, and is ended by its process id when its test ends.
# What the console printed is kept in $(BUILD)/test-logs, one file a machine; its end is part of a failure's message.

import os
import pathlib
import re
import select
import signal
import subprocess
import time

import pytest

import on_sdk

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
QEMU = os.environ.get("QEMU", "qemu-system-aarch64")

# Seconds. A hang is longer than what a machine of two cores takes at a load of 20.
LIFETIME = 900
PATIENCE = 300

# tools/guest/linux-init.
LINUX_READY = r"libvmm guest: shell ready"
LINUX_PROMPT = r"(?:~|/root) # "


class ConsoleError(AssertionError):
    """The machine did not print or do what the test waits for."""


class Console:
    """A process whose standard input and output are a machine's console."""

    def __init__(self, command, log_path, lifetime=LIFETIME, **popen):
        self.command = [str(word) for word in command]
        self.log_path = log_path
        self.text = ""  # everything printed
        self.tail = ""  # what has come of a message of the kernel's
        self.read_up_to = 0  # what expect has consumed of it
        self.deadline = time.monotonic() + lifetime
        self.log = open(log_path, "wb")
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, start_new_session=True, **popen)
        os.set_blocking(self.process.stdin.fileno(), False)

    def _fail(self, what):
        tail = self.text[-1500:]
        kernel = "".join(f"  {line}\n" for line in re.findall(r"KERNEL\|(?:ERROR|PANIC).*", self.text)[:5])
        raise ConsoleError(f"{what}\n{kernel}  command: {' '.join(self.command)}\n  log: {self.log_path}\n"
                           f"  last output:\n{tail}")

    def _pump(self, seconds):
        """Reads what there is, waiting for up to `seconds`. Answers False at the end of the output."""
        out = self.process.stdout.fileno()
        if not select.select([out], [], [], max(0.0, seconds))[0]:
            return True
        data = os.read(out, 65536)
        if not data:
            return False
        self.log.write(data)
        self.log.flush()
        text, self.tail = on_sdk.without_kernel_messages(self.tail + data.decode("utf-8", "replace"))
        self.text += text
        return True

    def expect(self, pattern, timeout=PATIENCE):
        """Waits until what was printed and not yet consumed has `pattern`; consumes it; answers the match."""
        regex = re.compile(pattern, re.MULTILINE)
        end = min(self.deadline, time.monotonic() + timeout)
        is_open = True
        while True:
            match = regex.search(self.text, self.read_up_to)
            if match:
                self.read_up_to = match.end()
                return match
            if not is_open:
                self._fail(f"the machine ended before printing {pattern!r}")
            if time.monotonic() >= end:
                self._fail(f"no {pattern!r} within {timeout} s")
            is_open = self._pump(end - time.monotonic())

    def expect_log(self, pattern, timeout=PATIENCE):
        """The same for a line of a VMM's log; where the kernel shows none, goes on at once."""
        if on_sdk.HAS_LOG:
            self.expect(pattern, timeout)

    def collect(self, seconds):
        """Lets the machine run for `seconds`; answers what it printed meanwhile and consumes it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._pump(end - time.monotonic()):
            pass
        printed = self.text[self.read_up_to:]
        self.read_up_to = len(self.text)
        return printed

    def send(self, text, timeout=PATIENCE):
        """Types `text`, as fast as the machine takes it, and reads what it prints meanwhile."""
        data = text.encode() if isinstance(text, str) else text
        stdin = self.process.stdin.fileno()
        end = min(self.deadline, time.monotonic() + timeout)
        while data:
            if time.monotonic() >= end:
                self._fail(f"the machine did not take {len(data)} bytes of input within {timeout} s")
            if select.select([], [stdin], [], 0.05)[1]:
                data = data[os.write(stdin, data[:512]):]
            self._pump(0)

    def boot(self, timeout=PATIENCE):
        """Waits for the first prompt of a Linux guest."""
        self.expect(LINUX_READY, timeout)
        self.expect(LINUX_PROMPT, timeout)

    def shell(self, command, timeout=PATIENCE):
        """Runs a command in a Linux guest's shell; answers what it printed."""
        self.send(command + "\n")
        self.expect(r"\n")
        begin = self.read_up_to
        match = self.expect(LINUX_PROMPT, timeout)
        return self.text[begin:match.start()].replace("\r", "").replace("\x1b[6n", "")

    def shell_until(self, command, text, timeout=PATIENCE):
        """Runs a command in a Linux guest's shell, again and again, until it prints `text`: what the guest does by
        itself may take its time."""
        end = time.monotonic() + timeout
        while text not in (printed := self.shell(command)):
            if time.monotonic() >= end:
                self._fail(f"{command!r} does not print {text!r} within {timeout} s, but {printed!r}")

    def power_off(self):
        """Has a Linux guest switch its machine off."""
        self.send("poweroff\n")
        self.expect("reboot: Power down")
        assert self.wait() == 0

    def wait(self, timeout=PATIENCE):
        """Waits for the machine to end by itself; answers QEMU's exit status."""
        end = min(self.deadline, time.monotonic() + timeout)
        while self._pump(end - time.monotonic()):
            if time.monotonic() >= end:
                self._fail(f"the machine did not end within {timeout} s")
        return self.process.wait(timeout=60)

    def close(self):
        """Ends the machine, whatever it is doing."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()


def qemu_command(image, gic=2, cpu="cortex-a53", cores=1, memory="2G", extra=()):
    """The machine that images are made for."""
    start = ["-kernel", str(image)]
    if on_sdk.SDK:
        start = on_sdk.start_arguments(on_sdk.image(image, ROOT, BUILD))
        cores = max(cores, on_sdk.CORES)
    return [QEMU, "-machine", f"virt,virtualization=on,gic-version={gic}", "-cpu", cpu, "-smp", str(cores),
            "-m", memory, "-nic", "none", "-display", "none", "-monitor", "none", "-serial", "stdio",
            *start, *extra]


def pytest_collection_modifyitems(items):
    """On the SDK, skips what cannot run there."""
    for item in items if on_sdk.SDK else ():
        name = item.nodeid if item.nodeid.startswith("test/") else f"test/{item.nodeid}"
        reason = on_sdk.reason_to_skip(name)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def build():
    """The build folder."""
    return BUILD


@pytest.fixture
def root():
    """The source tree."""
    return ROOT


@pytest.fixture
def spawn(request):
    """spawn(command, **options) starts any command as a Console; all of them end with the test."""
    folder = BUILD / "test-logs"
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.=-]+", "_", request.node.nodeid.split("/")[-1])
    consoles = []

    def start(command, **options):
        console = Console(command, folder / f"{name}.{len(consoles)}.log", **options)
        consoles.append(console)
        return console

    yield start
    for console in consoles:
        console.close()


@pytest.fixture
def has_cpu():
    """has_cpu(name): whether QEMU has that model of a core."""
    help_text = subprocess.run([QEMU, "-machine", "virt", "-cpu", "help"], capture_output=True, text=True, check=True)
    return lambda name: name in help_text.stdout.split()


@pytest.fixture
def machine(spawn):
    """machine(image, gic=2, cpu="cortex-a53", cores=1, memory="2G", extra=[]) starts QEMU with an image."""

    def start(image, lifetime=LIFETIME, **options):
        on_sdk.skip_without(options.get("gic", 2), options.get("cores", 1))
        return spawn(qemu_command(image, **options), lifetime=lifetime)

    return start
