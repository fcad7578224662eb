# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# examples/vswitch: two Linux guests that share console, network card and switch. One of them resets and misuses its
# devices in every way, while what the other one fetches arrives as it was sent.

import hashlib
import http.server
import random
import re
import threading

import pytest

# Seconds. Two guests share one emulated core.
LIFETIME = 600
PATIENCE = 300
PROMPT = r"(?:~|/root) # (?:\x1b\[6n)?"
FETCHED_BYTES = 4 << 20
HOST = "10.0.2.2"
ADDRESS = {1: "10.0.2.15", 2: "10.0.2.16"}


@pytest.fixture
def server():
    """A web server that answers every question with the same bytes: its address, and their checksum."""
    content = random.Random(2).randbytes(FETCHED_BYTES)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        http_server.daemon_threads = True
        thread = threading.Thread(target=http_server.serve_forever)
        thread.start()
        yield f"{HOST}:{http_server.server_port}/", hashlib.md5(content).hexdigest()
        http_server.shutdown()
        thread.join()


class Guests:
    def __init__(self, console):
        self.console = console
        self.selected = 1

    def boot(self, numbers):
        """Waits for the shells of those guests, in whatever order they come."""
        for _ in numbers:
            self.console.expect(r"^guest_[12]: libvmm guest: shell ready", timeout=PATIENCE)

    def start(self, number, command):
        """Types a command into a guest's shell."""
        if self.selected != number:
            self.console.send(f"\x1c{number - 1}")
            self.console.expect(rf"\[input: guest_{number}\]")
            self.selected = number
        self.console.send("\n")
        self.console.expect(rf"^guest_{number}: {PROMPT}", timeout=PATIENCE)
        self.console.send(command + "\n")

    def run(self, number, command):
        """Runs a command in a guest's shell; answers what it printed, as one line."""
        self.start(number, f"echo; echo =`{command}`=")
        return self.console.expect(rf"^guest_{number}: =(.*)=\r", timeout=PATIENCE)[1]



@pytest.fixture
def switch(machine, build):
    def start(gic, bus, numbers=(1, 2), image="examples/vswitch/gic{}-{}/image.elf"):
        # As vswitch.mk has it.
        guests = Guests(machine(build / image.format(gic, bus), gic=gic, lifetime=LIFETIME, extra=[
            "-global", "virtio-mmio.force-legacy=false",
            "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net,bus=virtio-mmio-bus.8"]))
        guests.boot(numbers)
        return guests

    return start


def has_answer(guests, number, address):
    return "1 packets received" in guests.run(number, f"ping -c 1 -W 5 {address} | grep received")


@pytest.mark.parametrize("gic, bus, sender", [(2, "mmio", 1), (3, "pci", 2)])
def test_guests_talk(switch, server, gic, bus, sender):
    """Both ways, and out into the network as far as the access list lets them."""
    guests = switch(gic, bus)
    receiver = 3 - sender
    url, checksum = server
    assert [guests.run(number, "uname -n") for number in (1, 2)] == ["guest_1", "guest_2"]
    for number in (1, 2):
        assert has_answer(guests, number, ADDRESS[3 - number])
    sent = guests.run(sender, "head -c 16777216 /dev/urandom >/srv/file; md5sum </srv/file").split()[0]
    fetched = guests.run(receiver, f"wget -q -O /tmp/file {ADDRESS[sender]}/file; md5sum </tmp/file; "
                                   "stat -c %s /tmp/file")
    assert fetched.split() == [sent, "-", str(16 << 20)]
    assert guests.run(1, f"wget -q -O - {url} | md5sum").split()[0] == checksum
    assert not has_answer(guests, 2, HOST)
    assert not re.search(r"ERROR", guests.console.text)
    guests.start(1, "poweroff -f")
    assert guests.console.wait(timeout=PATIENCE) == 0
