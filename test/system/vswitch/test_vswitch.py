# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# examples/vswitch: two Linux guests that share console, network card and switch. One of them resets and misuses its
# devices in every way, while what the other one fetches arrives as it was sent. A variant is named as in test_virtio.py
# beside this folder; TEST_MATRIX=1 (make test-virtio) runs each test with each variant.

import hashlib
import http.server
import os
import random
import re
import subprocess
import threading

import pytest

FULL = bool(os.environ.get("TEST_MATRIX"))
# Seconds. Two guests share one emulated core.
LIFETIME = 3600 if FULL else 1200
PATIENCE = 900 if FULL else 600
FETCHED_BYTES = (2 if FULL else 1) << 20
FUZZED_ROUNDS = 3 if FULL else 2

# A guest's partition of the disk, and the fuzzer's.
DISK_MIB, FUZZED_MIB = 8, 16

VARIANTS = [f"gic{gic}-{bus}{smp}" for gic in (2, 3) for bus in ("mmio", "pci") for smp in ("", "-4x1")]

# The network card of a guest: where it is in sysfs, and its driver.
CARDS = {"mmio": ("platform", "virtio-mmio", "a000200.virtio_mmio"), "pci": ("pci", "virtio-pci", "0000:00:02.0")}


def variants(*some):
    """All of them, or those that every run of the tests has."""
    return pytest.mark.parametrize("variant", VARIANTS if FULL else some)

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


@pytest.fixture
def disk(root, tmp_path):
    """A disk with two partitions: what it is, and what the first mebibyte of the first one has as its checksum."""
    path, content = tmp_path / "disk.img", tmp_path / "content"
    content.write_bytes(random.Random(4).randbytes(DISK_MIB << 20))
    subprocess.run([root / "tools/run/make-disk", path, content, str(FUZZED_MIB)], check=True)
    return path, hashlib.md5(content.read_bytes()[:1 << 20]).hexdigest()


class Guests:
    def __init__(self, console):
        self.console = console
        self.selected = 1

    def boot(self, *numbers):
        """Waits for the shells of those guests, in whatever order they come."""
        for _ in numbers:
            self.console.expect(r"^guest_[12]: libvmm guest: shell ready", timeout=PATIENCE)

    def start(self, number, command):
        """Types a command into a guest's shell."""
        if self.selected != number:
            self.console.send(f"\x1c{number - 1}")
            self.console.expect(rf"\[input: guest_{number}\]", timeout=PATIENCE)
            self.selected = number
        self.console.send(command + "\n")

    def said(self, number, begin):
        """
        What a guest has printed, without ends of lines: the other one's and the VMMs' output may split them, anywhere,
        and a guest's may split a VMM's.
        """
        text = re.sub(r"guest_\d\|[^\n]*?(?:\n|(?=guest_\d: ))", "", self.console.text[begin:])
        return "".join(re.findall(rf"guest_{number}: (.*?)(?=guest_\d: |[\r\n]|\Z)", text))

    def run(self, number, command):
        """Runs a command in a guest's shell; answers what it printed, as one line."""
        begin = len(self.console.text)
        self.start(number, f'echo "<"`{command}`">"')
        while not (answer := re.search(r'<([^<>"`]*)>', self.said(number, begin))):
            self.console.expect(r"\n", timeout=PATIENCE)
        return answer[1]

    def fetch(self, number, url):
        """The checksum of what a guest fetches."""
        return self.run(number, f"wget -q -O - {url} | md5sum").split()[0]

    def copy(self, number, mib):
        """The checksum of the first mebibyte of a guest's disk, by way of the one that it is copied to."""
        end = "bs=64k count=16 iflag=direct"
        self.run(number, f"dd if=/dev/vda of=/dev/vda seek={mib * 16} {end} oflag=direct 2>/dev/null")
        return self.run(number, f"dd if=/dev/vda skip={mib * 16} {end} 2>/dev/null | md5sum").split()[0]

    def has_answer(self, number, address, tries=3):
        """Whether a ping is answered. The first one can be lost while the other side is not up yet."""
        return any("1 packets received" in self.run(number, f"ping -c 1 -W 5 {address} | grep received")
                   for _ in range(tries))


@pytest.fixture
def boot(machine, build):
    def start(variant, disk=None):
        folder = "test" if disk else "examples"
        image = build / f"{folder}/vswitch/{variant}/image.elf"
        # As vswitch.mk has it.
        guests = Guests(machine(image, gic=int(variant[3]), lifetime=LIFETIME, extra=[
            "-global", "virtio-mmio.force-legacy=false",
            "-netdev", "user,id=net", "-device", "virtio-net-device,netdev=net,bus=virtio-mmio-bus.8",
            *(["-drive", f"if=none,id=disk,format=raw,file={disk}",
               "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0"] if disk else [])]))
        guests.boot(*([1] if disk else [1, 2]))
        return guests

    return start


@variants("gic2-mmio")
def test_two_guests_talk(boot, variant):
    """Both ways, and out into the network as far as the access list lets them."""
    guests = boot(variant)
    assert [guests.run(number, "nproc") for number in (1, 2)] == ["4" if "-4x" in variant else "1"] * 2
    assert [guests.run(number, "uname -n") for number in (1, 2)] == ["guest_1", "guest_2"]
    for number in (1, 2):
        assert guests.has_answer(number, ADDRESS[3 - number])
    assert guests.has_answer(1, HOST)
    assert not guests.has_answer(2, HOST, tries=1)
    sent = guests.run(1, "head -c 16777216 /dev/urandom >/srv/file; md5sum /srv/file").split()[0]
    fetched = guests.run(2, f"wget -q -O /tmp/file {ADDRESS[1]}/file; md5sum /tmp/file; "
                            "stat -c %s /tmp/file")
    assert fetched.split() == [sent, "/tmp/file", str(16 << 20)]
    assert "ERROR" not in guests.console.text
    guests.start(1, "poweroff -f")
    assert guests.console.wait(timeout=PATIENCE) == 0


def check_while(guests, command, server):
    """What the first guest fetches is whole while the second one runs a command over and over."""
    url, checksum = server
    guests.start(2, f"while :; do {command}; done &")
    guests.run(2, "echo it runs")
    assert guests.fetch(1, url) == checksum
    guests.start(2, "kill %1; wait")


@variants("gic3-pci")
def test_one_misbehaves_the_other_goes_on(boot, server, variant):
    """The second one unbinds and binds the drivers of its network card, writes into its registers on PCI, restarts."""
    guests = boot(variant)
    bus, driver, card = CARDS[variant.split("-")[1]]
    for folder, name in (("virtio/drivers/virtio_net", "virtio1"), (f"{bus}/drivers/{driver}", card)):
        guests.start(2, f"cd /sys/bus/{folder}")
        check_while(guests, f"echo {name} >unbind; echo {name} >bind", server)
        guests.start(2, f"[ -e {name} ] || echo {name} >bind; . /etc/rc")
        assert guests.has_answer(2, ADDRESS[1])
    # Linux lets nobody write into a page that has the console's registers, too.
    if bus == "pci":
        guests.start(2, f"echo {card} >unbind; cd ../../devices/{card}")
        guests.start(2, "base=`awk '/x0*[1-9a-f]/ { print $1; exit }' resource`")
        # No number that these make up is an address in RAM.
        check_while(guests, "devmem $((base + RANDOM % 128 * 4)) 32 $((RANDOM * RANDOM))", server)
        assert "access that the device does not permit" in guests.console.text
        guests.start(2, f"echo {card} >/sys/bus/{bus}/drivers/{driver}/bind; . /etc/rc")
        assert guests.has_answer(2, ADDRESS[1])
    guests.start(2, "reboot -f")
    guests.console.expect_log("guest asks for a reset", timeout=PATIENCE)
    url, checksum = server
    assert guests.fetch(1, url) == checksum
    guests.boot(2)
    assert guests.has_answer(2, ADDRESS[1])
    guests.start(1, "poweroff -f")
    assert guests.console.wait(timeout=PATIENCE) == 0


@variants("gic3-pci")
def test_power_off_while_frames_come(boot, variant):
    """The guest's kernel shuts its devices down in the midst of traffic."""
    guests = boot(variant)
    guests.start(2, f"for i in 1 2 3 4; do ping -q -A {ADDRESS[1]} >/dev/null & done")
    guests.run(2, "sleep 1")
    guests.start(1, "poweroff")
    assert guests.console.wait(timeout=PATIENCE) == 0


@variants("gic2-pci", "gic3-mmio")
def test_a_guest_is_a_fuzzer(boot, server, disk, variant):
    """It resets its devices again and again; they work whenever it initialises them. See fuzzer.c."""
    path, disk_checksum = disk
    guests = boot(variant, path)
    console = guests.console
    url, checksum = server
    for round_number in range(FUZZED_ROUNDS):
        console.expect("fuzzer: answered in round", timeout=PATIENCE)
        assert guests.fetch(1, url) == checksum
        assert guests.copy(1, 1 + round_number) == disk_checksum
    console.expect("fuzzer: a life begins", timeout=PATIENCE)
    console.expect("fuzzer: answered in round", timeout=PATIENCE)
    assert "WRONG" not in console.text
    guests.start(1, "poweroff -f")
    assert console.wait(timeout=PATIENCE) == 0
