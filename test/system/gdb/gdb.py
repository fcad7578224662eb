# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""GDB on a guest's debug line, driven as a person would."""

import re
import signal
import time

PROMPT = r"\(gdb\) "
# Emulated, on a loaded machine.
PATIENCE = 300
LINE = "virtio-mmio-bus.24"  # as tools/run/add-gdb has it


def qemu_arguments(socket):
    return ["-global", "virtio-mmio.force-legacy=false", "-device", f"virtio-serial-device,bus={LINE}",
            "-chardev", f"socket,id=gdb,path={socket},server=on,wait=off", "-device", "virtconsole,chardev=gdb"]


class Gdb:
    def __init__(self, spawn, socket, *files):
        self.socket = socket
        self.console = spawn(["gdb-multiarch", "-nx", "-q", *files])
        self.console.expect(PROMPT)
        for setting in ("pagination off", "confirm off", "width 0", "architecture aarch64", "remotetimeout 120",
                        "can-use-hw-watchpoints 0", "style enabled off", "print entry-values no"):
            self.run(f"set {setting}")

    def begin(self, command):
        self.console.send(command + "\n")

    def end(self, timeout=PATIENCE):
        """What was printed since the command began."""
        begin = self.console.read_up_to
        match = self.console.expect(PROMPT, timeout)
        return self.console.text[begin:match.start()]

    def run(self, command, timeout=PATIENCE):
        self.begin(command)
        return self.end(timeout)

    def attach(self):
        deadline = time.monotonic() + PATIENCE
        while not self.socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        text = self.run(f"target remote {self.socket}")
        assert "vCPU 0" in self.run("info threads"), text

    def value(self, expression):
        text = self.run(f"output/x (unsigned long)({expression})")
        assert re.match(r"0x[0-9a-f]+$", text), text
        return int(text, 16)

    def interrupt(self):
        """Ctrl-C, while the guest runs."""
        self.console.process.send_signal(signal.SIGINT)
        return self.end()
