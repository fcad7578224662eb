# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# examples/passthrough: Debian's Linux with disk, network and PCI of its own, each test in a QEMU of its own, with a
# web server beside it.

import hashlib
import http.server
import os
import random
import re
import shutil
import socket
import subprocess
import threading

import pytest

FETCHED_BYTES = 16 << 20
# QEMU's user networking has the development machine here.
BY_VIRTIO, BY_PCI, BY_PCI_TOO = "10.0.2.2", "10.0.3.2", "10.0.4.2"
NET_IRQ, DISK_IRQ, PCI_IRQ = 78, 79, 36
# Registers of the machine: Status of virtio-mmio 30 and 31, and Command of PCI function 00:01.0.
NET_STATUS, DISK_STATUS, E1000_COMMAND = 0xa003c70, 0xa003e70, 0x3f008004


@pytest.fixture
def server():
    """A web server that answers every question with the same bytes: its port, and their checksum."""
    content = random.Random(1).randbytes(FETCHED_BYTES)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                pass  # a guest that restarts does not say goodbye

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        http_server.daemon_threads = True
        thread = threading.Thread(target=http_server.serve_forever)
        thread.start()
        yield http_server.server_port, hashlib.md5(content).hexdigest()
        http_server.shutdown()
        thread.join()


@pytest.fixture
def disk(build, tmp_path):
    """A fresh disk; it is taken away at the end, for it is large."""
    path = tmp_path / "disk.img"
    subprocess.run(["cp", "--sparse=always", str(build / "examples/passthrough/disk.img"), str(path)], check=True)
    yield path
    path.unlink()


@pytest.fixture
def linux(machine, build, disk):
    """linux(gic, further arguments of QEMU) boots the example up to the guest's first prompt."""

    def start(gic, *arguments):
        # As passthrough.mk has it. The machine has no further network.
        console = machine(build / f"examples/passthrough/gic{gic}/image.elf", gic=gic, extra=[
            "-machine", "highmem=off", "-global", "virtio-mmio.force-legacy=false",
            "-drive", f"if=none,id=disk,format=raw,file={disk}",
            "-device", "virtio-blk-device,bus=virtio-mmio-bus.31,drive=disk",
            "-netdev", "user,id=net", "-device", "virtio-net-device,bus=virtio-mmio-bus.30,netdev=net",
            "-netdev", "user,id=pci-net,net=10.0.3.0/24", "-device", "e1000,addr=1,netdev=pci-net,romfile=",
            *arguments])
        console.boot()
        return console

    return start


def interrupts(console):
    """Number of interrupts that the guest took, by the interrupt controller's number; all are level-triggered."""
    lines = re.findall(r"^ *\d+: +(\d+) +GIC\S* +(\d+) +Level ", console.shell("cat /proc/interrupts"), re.MULTILINE)
    return {int(irq): int(count) for count, irq in lines}


def is_clean(disk):
    """Whether the file system has no error; nothing is repaired."""
    path = os.pathsep.join((os.environ["PATH"], "/sbin", "/usr/sbin"))
    return subprocess.run([shutil.which("e2fsck", path=path), "-f", "-n", str(disk)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.parametrize("gic", [2, 3])
def test_disk_keeps_64_mib_over_a_reboot(linux, disk, gic):
    console = linux(gic)
    assert "/dev/vda on /disk type ext4" in console.shell("mount")
    before = interrupts(console)
    console.shell("dd if=/dev/urandom of=/disk/file bs=1M count=64")
    written = console.shell("md5sum </disk/file").split()[0]
    console.shell("umount /disk")
    assert interrupts(console)[DISK_IRQ] > before[DISK_IRQ] + 10
    console.send("reboot\n")
    console.expect("reboot: Restarting system")
    console.boot()
    assert console.shell("stat -c %s /disk/file").strip() == str(64 << 20)
    assert console.shell("md5sum </disk/file").split()[0] == written
    console.shell("umount /disk")
    console.power_off()
    assert is_clean(disk)


@pytest.mark.parametrize("gic", [2, 3])
def test_network_fetches_16_mib(linux, server, gic):
    port, checksum = server
    console = linux(gic)
    for host, irq in ((BY_VIRTIO, NET_IRQ), (BY_PCI, PCI_IRQ)):
        before = interrupts(console)
        assert console.shell(f"wget -q -O - {host}:{port}/ | md5sum").split()[0] == checksum
        assert interrupts(console)[irq] > before[irq] + 100
    console.power_off()


@pytest.mark.parametrize("gic", [2, 3])
def test_two_cards_share_an_interrupt(linux, server, gic):
    """Slots 1 and 5 have the same line: it is high while either card wants it."""
    port, checksum = server
    console = linux(gic, "-netdev", "user,id=third,net=10.0.4.0/24", "-device", "e1000,addr=5,netdev=third,romfile=")
    console.shell("ip address flush dev eth1; ip address add 10.0.3.15/24 dev eth1")
    console.shell("ip address flush dev eth2; ip address add 10.0.4.15/24 dev eth2; ip link set eth2 up")
    assert re.search(rf" {PCI_IRQ} +Level +eth1, eth2", console.shell("cat /proc/interrupts"))
    fetch = "wget -q -O - {}:%d/ | md5sum >/tmp/{}" % port
    console.shell(f"{fetch.format(BY_PCI, 1)} & {fetch.format(BY_PCI_TOO, 2)} & wait")
    assert [line.split()[0] for line in console.shell("cat /tmp/1 /tmp/2").splitlines()] == [checksum, checksum]
    console.power_off()


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

    def word(self, address):
        """32 bits at a physical address of the machine."""
        self.socket.sendall(f"xp /1wx {address:#x}\n".encode())
        return int(re.search(r": (0x[0-9a-f]{8})", self._read())[1], 16)


def owned_by_driver(monitor):
    """Which devices may access memory: bus masters of PCI, and virtio devices whose driver has set them up."""
    return {"e1000": bool(monitor.word(E1000_COMMAND) & 1 << 2), "net": monitor.word(NET_STATUS) != 0,
            "disk": monitor.word(DISK_STATUS) != 0}


@pytest.mark.parametrize("gic", [2, 3])
def test_restart_under_load(linux, server, tmp_path, gic):
    """
    Disk and both networks are in the middle of DMA when the guest restarts. It does so at once: an orderly shutdown of
    Linux stops its devices itself (and 6.1.192's hangs in virtio_net under load; without a VMM too). Before the next
    guest has its drivers, no device has what the last one gave it.
    """
    port, checksum = server
    console = linux(gic, "-monitor", f"unix:{tmp_path}/monitor,server=on,wait=off")
    monitor = Monitor(tmp_path / "monitor")
    for host in (BY_VIRTIO, BY_PCI):
        console.shell(f"while wget -q -O /dev/null {host}:{port}/; do :; done &")
    console.shell("while dd if=/dev/zero of=/disk/load bs=1M count=16 conv=fsync; do :; done 2>/dev/null &")
    console.shell("sleep 2")
    assert owned_by_driver(monitor) == {"e1000": True, "net": True, "disk": True}
    console.send("echo b >/proc/sysrq-trigger\n")
    console.expect_log("guest asks for a reset")
    console.expect("Booting Linux on physical CPU")
    assert owned_by_driver(monitor) == {"e1000": False, "net": False, "disk": False}
    console.boot()
    for host in (BY_VIRTIO, BY_PCI):
        assert console.shell(f"wget -q -O - {host}:{port}/ | md5sum").split()[0] == checksum
    console.shell("umount /disk")
    console.power_off()
    assert "Oops" not in console.text and "Kernel panic" not in console.text
