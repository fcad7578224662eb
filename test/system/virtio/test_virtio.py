# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# examples/virtio: Debian's Linux on a virtual console, disk and network card, each test in a QEMU of its own. A variant
# is an interrupt controller, a transport, and a number of vCPUs with that of their cores. TEST_MATRIX=1 (make
# test-virtio) runs each test with each variant and with more data; TEST_MATRIX=4x2 (make test-virtio-cores) those with
# two cores: QEMU emulates them in one thread, each for 100 ms, which is slow.

import base64
import hashlib
import http.server
import json
import os
import random
import re
import shutil
import socket
import socketserver
import subprocess
import threading

import pytest

FULL = bool(os.environ.get("TEST_MATRIX"))
# Seconds.
LIFETIME = 3600 if FULL else 1200
PATIENCE = 900 if FULL else 600

CONSOLE_BYTES = 100 << 10
FILE_MIB = 256 if FULL else 16
FETCHED_MIB = 64 if FULL else 16
SENT_MIB = 2
# The disk has room behind the file system. In sectors of 512 bytes, as dd counts.
RAW_SECTOR, RAW_MIB = 3 << 19, 16
HAMMER_KIB = 384 if FULL else 192
FIO_MIB = 8 if FULL else 2
IPERF_MIB = 32 if FULL else 16

SMPS = ("-4x2",) if os.environ.get("TEST_MATRIX") == "4x2" else ("", "-4x1")
VARIANTS = [f"gic{gic}-{bus}{smp}" for gic in (2, 3) for bus in ("mmio", "pci") for smp in SMPS]

# Behind the file system, past every cache, 32 requests at a time, each of any size, each block with its checksum.
FIO = ("/disk/programs/fio --name=fio --filename=/dev/vda --direct=1 --ioengine=libaio --iodepth=32 --rw=randwrite "
       f"--offset={RAW_SECTOR * 512} --size={FIO_MIB}m --bsrange=512-256k --verify=crc32c --verify_fatal=1 "
       "--end_fsync=1 --eta=never")

WRITE_FOR_EVER = "while dd if=/dev/zero of=/disk/load bs=1M count=8 conv=fsync; do :; done 2>/dev/null &"


def variants(some):
    """All of them, or the one that every run of the tests has."""
    return pytest.mark.parametrize("variant", VARIANTS if FULL else [some])


def e2fs(tool):
    """Where a program of e2fsprogs is."""
    return shutil.which(tool, path=os.pathsep.join((os.environ["PATH"], "/sbin", "/usr/sbin")))


@pytest.fixture
def disk(build, tmp_path):
    """A fresh disk with programs on it; it is taken away at the end, for it is large."""
    path = tmp_path / "disk.img"
    files = tmp_path / "files"
    files.mkdir()
    shutil.copy(build / "test/virtio/hammer", files)
    shutil.copytree(build / "test/virtio/programs", files / "programs")
    subprocess.run([e2fs("mke2fs"), "-q", "-F", "-t", "ext4", "-d", str(files), str(path), f"{RAW_SECTOR // 2}k"],
                   stdout=subprocess.DEVNULL, check=True)
    os.truncate(path, RAW_SECTOR * 512 + (RAW_MIB << 20))
    yield path
    path.unlink()


def uses_messages(console):
    """Whether all interrupts of the devices are messages (MSI-X); otherwise none is."""
    interrupts = [line for line in console.shell("cat /proc/interrupts").splitlines() if "virtio" in line]
    kinds = {" MSI " in line for line in interrupts}
    assert len(kinds) == 1 and sum(int(line.split()[1]) for line in interrupts) > 0, interrupts
    return kinds.pop()


@pytest.fixture
def linux(machine, build, disk):
    """linux(variant) boots the example up to the guest's first prompt; or another image of a variant like it."""

    def start(variant, image=None):
        # As virtio.mk has it.
        cores = 2 if variant.endswith("x2") else 1
        console = machine(image or build / f"examples/virtio/{variant}/image.elf", gic=int(variant[3]), cores=cores,
                          lifetime=LIFETIME, extra=[
            *(["-accel", "tcg,thread=single"] if cores > 1 else []),
            "-global", "virtio-mmio.force-legacy=false", "-drive", f"if=none,id=disk,format=raw,file={disk}",
            "-device", "virtio-blk-device,bus=virtio-mmio-bus.0,drive=disk",
            "-netdev", "user,id=net", "-device", "virtio-net-device,bus=virtio-mmio-bus.8,netdev=net",
            "-device", "virtio-rng-device,bus=virtio-mmio-bus.16"])
        console.boot(PATIENCE)
        assert console.shell("nproc").strip() == ("4" if "-4x" in variant else "1")
        assert uses_messages(console) == ("-pci" in variant and image is None)
        return console

    return start


@pytest.fixture
def server():
    """A server beside the machine, at 10.0.2.2 for the guest."""
    content = random.Random(1).randbytes(max(FETCHED_MIB, SENT_MIB) << 20)

    class Download(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            mib = int(self.path[1:])
            self.send_response(200)
            self.send_header("Content-Length", str(mib << 20))
            self.end_headers()
            try:
                self.wfile.write(content[:mib << 20])
            except OSError:
                pass  # a guest that restarts does not say goodbye

        def log_message(self, *_):
            pass

    class Upload(socketserver.StreamRequestHandler):
        """Takes bytes up to their end, and answers their checksum."""

        def handle(self):
            checksum = hashlib.md5()
            try:
                while data := self.rfile.read(65536):
                    checksum.update(data)
                self.wfile.write(checksum.hexdigest().encode() + b"\n")
            except OSError:
                pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Download) as download, \
            socketserver.ThreadingTCPServer(("127.0.0.1", 0), Upload) as upload:
        threads = [threading.Thread(target=each.serve_forever) for each in (download, upload)]
        for each, thread in zip((download, upload), threads):
            each.daemon_threads = True
            thread.start()
        yield Server(download.server_port, upload.server_address[1], content)
        for each, thread in zip((download, upload), threads):
            each.shutdown()
            thread.join()


class Server:
    """What a guest's shell does with a server."""

    def __init__(self, download_port, upload_port, content):
        self.url = f"10.0.2.2:{download_port}"
        self.upload = f"nc 10.0.2.2 {upload_port}"
        self.content = content

    def download(self, mib):
        return f"wget -q -O - {self.url}/{mib}"

    def checksum(self, mib):
        return hashlib.md5(self.content[:mib << 20]).hexdigest()


@pytest.fixture
def iperf(spawn):
    """iperf(console, options) has the guest's iperf3 send to one beside the machine, and answers what it reports."""

    def run(console, options=""):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = spawn(["iperf3", "--server", "--one-off", "--forceflush", "--bind", "127.0.0.1", "--port", port],
                       lifetime=LIFETIME)
        server.expect("Server listening")
        status = console.shell(f"/disk/programs/iperf3 -c 10.0.2.2 -p {port} -n {IPERF_MIB}M -i 0 -J {options} "
                               ">/tmp/iperf3; echo $?", timeout=PATIENCE).split()[-1]
        report = json.loads(console.shell("cat /tmp/iperf3"))
        assert status == "0", report
        assert server.wait() == 0
        return report["end"]

    return run


def fio(console, options=""):
    """Runs fio; it has to find everything as it should be."""
    report = console.shell(f"{FIO} {options}; echo status $?", timeout=PATIENCE)
    assert "status 0" in report and "err= 0" in report, report
    return report


def is_clean(disk):
    """Whether the file system has no error; nothing is repaired."""
    return subprocess.run([e2fs("e2fsck"), "-f", "-n", str(disk)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def power_off(console):
    """Linux takes its virtual console down before it says that it switches off."""
    console.send("poweroff\n")
    console.expect_log("guest asks for power-off")
    assert console.wait() == 0
    for word in ("Oops", "BUG:", "|ERROR", "hung task", "DEVICE_NEEDS_RESET"):
        assert word not in console.text


def md5(console, command):
    """The checksum of what a command prints."""
    return console.shell(f"{command} | md5sum", timeout=PATIENCE).split()[-2]


def md5_of(console, path):
    """The checksum of a file; without a pipe, which is slow where vCPUs share a core."""
    return console.shell(f"md5sum {path}", timeout=PATIENCE).split()[-2]


def type_raw(console, command, data):
    """Types bytes to a command that gets all of them as they are."""
    console.send(f"stty raw -echo; echo g''o; {command}; stty sane\n")
    console.expect("go\r?\n")
    # The key of the virtualiser that shares the UART, and of Linux's hvc console (SysRq); twice, each is itself.
    console.send(data.replace(b"\x0f", b"\x0f\x0f").replace(b"\x1c", b"\x1c\x1c"))


@variants("gic2-mmio")
def test_console_loses_nothing(linux, variant):
    console = linux(variant)
    assert console.shell("tty").strip() == "/dev/hvc0"
    data = random.Random(2).randbytes(CONSOLE_BYTES)

    # In; the guest does not read at first, so that all queues on the way are full.
    type_raw(console, f"sleep 2; head -c {CONSOLE_BYTES} | md5sum", data)
    assert console.expect(r"[0-9a-f]{32}  -")[0].split()[0] == hashlib.md5(data).hexdigest()
    console.expect("# ")

    # Out.
    console.shell(f"head -c {CONSOLE_BYTES} /dev/urandom >/tmp/out")
    printed = base64.b64decode(console.shell("base64 /tmp/out"))
    assert len(printed) == CONSOLE_BYTES
    assert hashlib.md5(printed).hexdigest() == md5_of(console, "/tmp/out")

    # In and out at the same time.
    text = base64.b64encode(data)[:CONSOLE_BYTES]
    type_raw(console, f"head -c {CONSOLE_BYTES} | tee /tmp/in", text)
    begin = console.read_up_to
    console.expect("# ")
    assert console.text[begin:begin + CONSOLE_BYTES].encode() == text
    assert md5_of(console, "/tmp/in") == hashlib.md5(text).hexdigest()

    # As somebody at a keyboard has it.
    console.send("echo g''o; cat; echo e''nd; cat\n")
    console.expect("go\r\n")
    console.send("a line\n\x04")
    console.expect("a line\r\na line\r\nend\r\n")
    console.send("another\n")
    console.expect("another\r\nanother\r\n")
    console.send("\x03")
    console.expect("# ")
    power_off(console)


@variants("gic2-pci-4x1")
def test_disk(linux, disk, variant):
    """Direct requests, many at once; a file that is on the disk when the guest crashes, with others being written."""
    console = linux(variant)
    assert "/dev/vda on /disk type ext4" in console.shell("mount")
    hammer = f"/disk/hammer /dev/vda {RAW_SECTOR + 3} {HAMMER_KIB * 2}"
    assert "hammer: sound" in console.shell(hammer, timeout=PATIENCE)
    assert "WRITE: " in fio(console)

    console.shell(f"dd if=/dev/urandom of=/disk/file bs=1M count={FILE_MIB} conv=fsync", timeout=PATIENCE)
    checksum = md5_of(console, "/disk/file")
    console.shell("sync; echo 1 >/proc/sys/kernel/panic")
    console.shell(WRITE_FOR_EVER)
    console.shell("sleep 1")
    console.send("echo c >/proc/sysrq-trigger\n")
    console.expect_log("guest asks for a reset")
    console.boot(PATIENCE)
    assert "/dev/vda on /disk type ext4" in console.shell("mount")
    assert md5_of(console, "/disk/file") == checksum
    assert "READ: " in fio(console, "--verify_only")
    # What is written now stays, too.
    console.shell("dd if=/dev/urandom of=/disk/more bs=1M count=8", timeout=PATIENCE)
    checksum = md5_of(console, "/disk/more")
    console.shell("umount /disk; mount -t ext4 /dev/vda /disk", timeout=PATIENCE)
    assert md5_of(console, "/disk/more") == checksum
    console.shell("umount /disk")
    power_off(console)
    assert is_clean(disk)


def go_over(console, messages):
    """Binds the card's driver again, with messages or with the interrupt line."""
    card = console.shell("basename $(dirname $(readlink -f /sys/class/net/eth0/device))").strip()
    console.shell(f"cd /sys/bus/pci/drivers/virtio-pci; echo {card} >unbind; "
                  f"echo {int(messages)} >../../devices/{card}/msi_bus; "
                  f"echo {card} >bind; cd; ip address add 10.0.2.15/24 dev eth0; ip link set eth0 up")
    assert " 0% packet loss" in console.shell("ping -c 3 10.0.2.2")
    lines = [line for line in console.shell("cat /proc/interrupts").splitlines() if "virtio2" in line]
    assert lines and {" MSI " in line for line in lines} == {messages}, lines


@variants("gic3-pci")
def test_network(linux, server, iperf, variant):
    console = linux(variant)
    assert " 0% packet loss" in console.shell("ping -c 3 10.0.2.2")
    assert " 0% packet loss" in console.shell("ping -c 3 -s 1400 10.0.2.2")
    assert md5(console, server.download(FETCHED_MIB)) == server.checksum(FETCHED_MIB)
    # Up, and both ways at the same time.
    sent = server.checksum(SENT_MIB)
    assert md5(console, f"{server.download(SENT_MIB)} | tee /tmp/file") == sent
    assert console.shell(f"{server.upload} </tmp/file", timeout=PATIENCE).strip() == sent
    console.shell(f"{server.upload} </tmp/file >/tmp/up & {server.download(SENT_MIB)} | md5sum >/tmp/down; wait",
                  timeout=PATIENCE)
    assert console.shell("cat /tmp/up /tmp/down").replace("  -", "").split() == [sent, sent]
    # Out, and in. What is still on its way when the sender is ready does not count as received.
    for options in ("", "--reverse"):
        report = iperf(console, options)
        assert report["sum_sent"]["bytes"] >= IPERF_MIB << 20
        assert report["sum_received"]["bytes"] >= IPERF_MIB << 19
    # Both, up to the end of the first.
    if FULL:
        report = iperf(console, "--bidir")
        received = [report[way]["bytes"] for way in ("sum_received", "sum_received_bidir_reverse")]
        assert min(received) > 0 and max(received) >= IPERF_MIB << 19
    counts = console.shell("cat /sys/class/net/eth0/statistics/[rt]x_errors")
    assert set(counts.split()) == {"0"}
    if "-pci" in variant:
        go_over(console, messages=False)
        go_over(console, messages=True)
    power_off(console)


def test_lines_instead_of_messages(linux, build):
    """A guest that does not want MSI-X (pci=nomsi) has the bus's four lines."""
    console = linux("gic2-pci", build / "test/virtio/nomsi/image.elf")
    assert "hammer: sound" in console.shell(f"/disk/hammer /dev/vda {RAW_SECTOR} 64", timeout=PATIENCE)
    assert " 0% packet loss" in console.shell("ping -c 3 10.0.2.2")
    assert not uses_messages(console)
    console.shell("umount /disk")
    power_off(console)


@variants("gic3-mmio-4x1")
def test_restart_under_load(linux, server, disk, variant):
    """
    All three devices are busy when the guest restarts. It does so at once: an orderly shutdown of Linux resets its
    devices itself; that follows, with only the disk busy.
    """
    console = linux(variant)
    console.shell(f"while {server.download(16)} >/dev/null; do :; done &")
    console.shell(WRITE_FOR_EVER)
    console.shell("sleep 1")
    console.send("(sleep 1; echo b >/proc/sysrq-trigger) & while :; do echo ''busy; done\n")
    console.expect_log("guest asks for a reset")
    console.boot(PATIENCE)
    assert md5(console, server.download(SENT_MIB)) == server.checksum(SENT_MIB)
    data = random.Random(3).randbytes(CONSOLE_BYTES)
    type_raw(console, f"head -c {CONSOLE_BYTES} | md5sum", data)
    assert console.expect(r"[0-9a-f]{32}  -")[0].split()[0] == hashlib.md5(data).hexdigest()
    console.expect("# ")
    console.shell("dd if=/dev/urandom of=/disk/file bs=1M count=8 conv=fsync")
    checksum = md5_of(console, "/disk/file")
    console.shell(WRITE_FOR_EVER)
    console.shell("sleep 1")
    console.send("reboot\n")
    console.expect_log("guest asks for a reset")
    console.boot(PATIENCE)
    assert md5_of(console, "/disk/file") == checksum
    console.shell("umount /disk")
    power_off(console)
    assert is_clean(disk)
