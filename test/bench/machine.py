# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The machine that measurements run on: QEMU with one nanosecond of its time for each instruction, and a counter that
# counts nanoseconds. A guest that reads the counter twice knows how many instructions went by, on any level.
#
# A QEMU has a time limit and is ended by its process id.

import os
import pathlib
import re
import select
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
QEMU = os.environ.get("QEMU", "qemu-system-aarch64")
CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")

CPU = "cortex-a53"
COUNTER_HZ = 1000000000
# With a seL4 Microkit SDK: the version of the interrupt controller that its board's kernel was built for, and where the
# loader's image goes.
SDK_GIC = os.environ.get("SDK_GIC")
LOAD_ADDRESS = 0x70000000
GICS = (int(SDK_GIC),) if SDK_GIC else (2, 3)
LIFETIME = 600  # seconds


class MachineError(Exception):
    """The machine did not print or do what was expected of it."""


class Machine:
    """QEMU with an image; its console is on a pipe. For "with"."""

    def __init__(self, image, gic, *, native=False, cores=1, memory="2G", counter_hz=COUNTER_HZ, extra=(),
                 qemu=QEMU, lifetime=LIFETIME):
        machine = f"virt,gic-version={gic}" + ("" if native else ",virtualization=on")
        start = ["-kernel", str(image)]
        if SDK_GIC and not native:
            start = ["-device", f"loader,file={image},addr={LOAD_ADDRESS:#x},cpu-num=0"]
        self.command = [str(qemu), "-machine", machine, "-cpu", f"{CPU},cntfrq={counter_hz}", "-smp", str(cores),
                        "-m", memory, "-nic", "none", "-display", "none", "-serial", "stdio",
                        "-icount", "shift=0,sleep=off", *start, *map(str, extra)]
        if "-monitor" not in self.command:
            self.command += ["-monitor", "none"]
        self.text = ""
        self.deadline = time.monotonic() + lifetime

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def expect(self, pattern):
        """Waits until the text that was printed since the last match has `pattern`; answers the match."""
        regex = re.compile(pattern, re.MULTILINE)
        out = self.process.stdout.fileno()
        while True:
            match = regex.search(self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            left = self.deadline - time.monotonic()
            data = os.read(out, 65536) if left > 0 and select.select([out], [], [], left)[0] else b""
            if not data:
                raise MachineError(f"no {pattern!r}\n  command: {' '.join(self.command)}\n"
                                   f"  output:\n{self.text[-1500:]}")
            self.text += data.decode(errors="replace").replace("\r", "")

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()


class Monitor:
    """QEMU's human monitor on a Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self._read()

    def _read(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += self.socket.recv(65536)
        return text.decode(errors="replace")

    def command(self, line):
        self.socket.sendall(line.encode() + b"\n")
        return self._read()


def qemu_version(qemu=QEMU):
    text = subprocess.run([qemu, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return re.search(r"version (\S+)", text)[1]
