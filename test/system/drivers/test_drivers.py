# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Drivers and virtualisers with native clients, who obey commands from the console: see client.c."""

import re
import subprocess
import time

import mbr_gpt
import on_sdk
import pytest

KEY = "\x1c"
COLOUR = {"alice": "1", "bob": "2", "mallory": "3"}


def devices(path, option="", device_option=""):
    return ["-global", "virtio-mmio.force-legacy=false",
            "-drive", f"if=none,id=disk,format=raw,file={path}{option}",
            "-device", f"virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0,serial=test disk{device_option}",
            "-netdev", "user,id=net,restrict=on", "-device", "virtio-net-device,netdev=net,bus=virtio-mmio-bus.8"]


class System:
    """The machine, and what each client has printed on it."""

    def __init__(self, console, disk_path):
        self.console, self.disk = console, disk_path
        for _ in ("alice", "bob"):
            console.expect("(alice|bob) is there")

    def choose(self, name):
        self.console.send(KEY + str("alice bob mallory".split().index(name)))
        self.console.expect(rf"\[input: {name}\]")

    def run(self, name, command, timeout=300):
        """A command of one client; answers what was printed meanwhile."""
        start = self.console.read_up_to
        self.choose(name)
        self.console.send(command + "\n")
        self.console.expect(f"{name} has done {command}", timeout=timeout)
        text = self.console.text[start:self.console.read_up_to]
        assert "BAD" not in text and "ERROR" not in text, text
        return text

    def of(self, name):
        """All that a client has printed."""
        text = re.sub(r"\r\n\[input: \w+\]\r\n", "", self.console.text)
        parts = re.split(r"\x1b\[3(\d)m", text)
        return "".join(text for colour, text in zip(parts[1::2], parts[2::2]) if colour == COLOUR[name])


    def wait_for(self, name, text, timeout=300):
        """Until a client has printed `text`, at any time."""
        end = time.monotonic() + timeout
        while text not in self.of(name):
            assert time.monotonic() < end, f"no {text!r} of {name} in:\n{self.console.text[-1500:]}"
            self.console.collect(0.3)


def heard(system, name, broadcasts=0, frames=0):
    """What a client has heard of the others, once it is as much as this: broadcasts and frames take their time."""
    total = (0, 0)
    for _ in range(200):
        text = system.run(name, "heard")
        assert "frames, 0 wrong" in text
        new = re.search(r"heard (\d+) broadcasts, (\d+) frames", text)
        total = (total[0] + int(new[1]), total[1] + int(new[2]))
        if total[0] >= broadcasts and total[1] >= frames:
            break
    return total


# On two cores, the clients have one for themselves: they and the virtualisers then touch the queues at once.
@pytest.fixture(params=[(2, 1), (3, 1), (3, 2)], ids=["gic2", "gic3", "gic3-two-cores"])
def boot(machine, build, tmp_path, request):
    gic, cores = request.param

    def start(name, table=mbr_gpt.with_mbr(), faults="", option="", device_option=""):
        path = mbr_gpt.create(tmp_path / "disk", table)
        image = build / "test" / "drivers" / (name if cores == 1 else f"{name}-{cores}") / "image.elf"
        file = path
        if faults:
            (tmp_path / "faults").write_text(faults)
            file = f"blkdebug:{tmp_path / 'faults'}:{path}"
        return System(machine(image, gic=gic, cores=cores, extra=devices(file, option, device_option)), path)

    return start


def test_serial_loses_nothing_both_ways(boot):
    system = boot("quiet")
    count = 100 * 1024
    text = "".join(f"{i:06d} the quick brown fox jumps over the lazy dog\n" for i in range(count // 50))[:count]
    system.choose("bob")
    system.console.send(f"talk {count // 23}\n")
    system.choose("alice")
    system.console.send(f"echo {len(text)}\n")
    system.console.send(text)
    system.console.expect("alice has done echo")
    system.wait_for("bob", "bob has done talk")
    echoed = system.of("alice").split("alice is there\n", 1)[1].split("alice has done", 1)[0]
    assert echoed == text
    lines = re.findall(r"bob says line (\d+)\n", system.of("bob"))
    assert lines == [f"{i:06d}" for i in range(count // 23)]


def test_key_reaches_a_client_and_a_stuck_one_can_be_left(boot):
    system = boot("quiet")
    system.choose("alice")
    system.console.send("echo 3\n" + "a" + KEY + KEY + "b")
    system.console.expect(f"a{KEY}b")
    system.console.expect("alice has done echo 3")
    # Nobody reads what mallory is sent: her ring and the driver's fill, but bob can still be chosen.
    system.choose("mallory")
    system.console.send("x" * 6000)
    system.run("bob", "talk 2")


def check_partitions(system):
    system.choose("alice")
    system.console.send("verify 1 8\n")
    text = system.run("bob", "verify 1000 8")
    assert "bob: 512 blocks of 2048, 0 wrong" in text
    system.wait_for("alice", "alice: 512 blocks of 2048, 0 wrong")
    system.run("alice", "barrier")
    system.console.close()
    first, second, third = (mbr_gpt.partition(system.disk, i) for i in range(3))
    for seed, part in ((1, first), (1000, second)):
        for number in range(64):
            at = (number * 31 + seed) % 2048
            word = ((at * 512 + 1) * 0x9E3779B97F4A7C15 ^ seed) & (1 << 64) - 1
            if (seed, at) != (1, 9):
                assert part[at * 4096:at * 4096 + 8] == word.to_bytes(8, "little"), (seed, number)
    assert third == bytes(len(third))


@pytest.mark.parametrize("table", [mbr_gpt.with_mbr(), mbr_gpt.with_gpt()], ids=["mbr", "gpt"])
def test_partitions(boot, table):
    check_partitions(boot("quiet", table))


# A partition table counts logical blocks; a driver takes the virtqueue size that the device offers, odd ones rounded
# down to powers of two: a queue of four entries has room for one request.
@pytest.mark.parametrize("boot", [(2, 1)], indirect=True)
@pytest.mark.parametrize("table, option", [
    (mbr_gpt.with_mbr(4096), ",logical_block_size=4096,physical_block_size=4096"),
    (mbr_gpt.with_gpt(4096), ",logical_block_size=4096,physical_block_size=4096"),
    (mbr_gpt.with_gpt(2048), ",logical_block_size=2048,physical_block_size=4096"),
    (mbr_gpt.with_mbr(), ",queue-size=4"),
    (mbr_gpt.with_mbr(), ",queue-size=128"),
    (mbr_gpt.with_mbr(), ",queue-size=1024"),
], ids=["mbr-4096", "gpt-4096", "gpt-2048", "queue-4", "queue-128", "queue-1024"])
def test_disks_of_all_kinds(boot, table, option):
    check_partitions(boot("quiet", table, device_option=option))


def test_a_disk_of_make_disk(boot, root, tmp_path):
    """Alice's partition has a file in it, which bob's writing leaves as it is."""
    content = tmp_path / "content"
    content.write_bytes(b"libvmm" * 1000000)
    made = tmp_path / "made"
    subprocess.run([root / "tools/run/make-disk", made, content, "4", "2"], check=True, timeout=60)
    system = boot("quiet", made.read_bytes())
    assert "bob: 128 blocks of 1024, 0 wrong" in system.run("bob", "verify 5 2")
    system.console.close()
    assert system.disk.read_bytes()[1 << 20:][:6000000] == content.read_bytes()
    assert "alice: 128 blocks of 1536, 0 wrong" in boot("quiet", made.read_bytes()).run("alice", "verify 6 2")


def test_wrong_block_requests_are_refused(boot):
    text = boot("quiet").run("alice", "range")
    assert len(re.findall("is refused", text)) == 8


def test_a_read_only_disk_takes_no_writes(boot):
    system = boot("quiet", option=",readonly=on")
    assert len(re.findall("is refused", system.run("alice", "range 1"))) == 9
    assert "status 0, 1 blocks" in system.run("alice", "status 5 0")


def test_errors_of_the_disk_are_reported(boot):
    sector = mbr_gpt.START + 100 * 8
    system = boot("quiet", faults="".join(f'[inject-error]\nevent = "{event}"\nerrno = "5"\nsector = "{sector}"\n'
                                          for event in ("read_aio", "write_aio")))
    for code in (0, 1):
        assert "status 3, 0 blocks" in system.run("alice", f"status 100 {code}")
        assert "status 0, 1 blocks" in system.run("alice", f"status 101 {code}")
        assert "status 0, 1 blocks" in system.run("bob", f"status 100 {code}")


def test_network(boot):
    system = boot("quiet")
    assert "alice: 20 pings, 0 wrong" in system.run("alice", "ping 20 1400")
    assert "bob: 20 pings, 0 wrong" in system.run("bob", "ping 20 56")
    system.run("alice", "broadcast")
    assert heard(system, "bob", broadcasts=1) == (1, 0)
    assert heard(system, "alice") == (0, 0)
    # No more than alice has buffers: she may not run before all are sent.
    system.run("bob", "send 1 120")
    assert heard(system, "alice", frames=120) == (0, 120)


def test_timer(boot):
    system = boot("quiet")
    system.choose("alice")
    system.console.send("timer 50 2000\n")
    assert "bob: 200 timeouts, 0 early" in system.run("bob", "timer 200 300")
    system.wait_for("alice", "alice: 50 timeouts, 0 early")


# Shared: alice and the hostile one read what they receive in the driver's region.
@pytest.mark.parametrize("name", ["hostile", "shared"])
def test_a_hostile_client_harms_nobody_else(boot, name):
    system = boot(name, mbr_gpt.with_gpt())
    for seed in (7, 8):
        assert "0 wrong" in system.run("alice", f"verify {seed} 4")
        assert "0 wrong" in system.run("bob", f"verify {seed} 4")
        assert "0 wrong" in system.run("alice", "ping 5 1000")
        assert "0 wrong" in system.run("bob", "ping 5 1000")
        assert "0 early" in system.run("alice", "timer 20 500")
    system.run("bob", "send 1 20")
    assert heard(system, "alice", frames=20)[1] == 20
    if on_sdk.HAS_LOG:
        assert ("returns a buffer that it does not have" in system.console.text) == (name == "shared")
    system.run("bob", "talk 100")
    assert len(re.findall(r"bob says line \d+\n", system.of("bob"))) == 100
    assert "KERNEL|" not in system.console.text
