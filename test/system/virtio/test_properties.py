# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# examples/virtio: what Debian's Linux says of the properties of its devices, and what it does with the rarer ones.

import re

import pytest


@pytest.fixture
def linux(machine, build, tmp_path):
    """linux(variant, device, drive) boots the example, with a disk of 8 MiB that QEMU is told this of."""

    def start(variant, device="", drive=""):
        path = tmp_path / "disk.img"
        path.write_bytes(bytes(8 << 20))
        console = machine(build / f"examples/virtio/{variant}/image.elf", gic=int(variant[3]), extra=[
            "-global", "virtio-mmio.force-legacy=false",
            "-drive", f"if=none,id=disk,format=raw,file={path}" if not drive else drive.format(path=path),
            "-device", f"virtio-blk-device,bus=virtio-mmio-bus.0,drive=disk{device}",
            "-netdev", "user,id=net", "-device", "virtio-net-device,bus=virtio-mmio-bus.8,netdev=net",
            "-device", "virtio-rng-device,bus=virtio-mmio-bus.16"])
        console.boot()
        return console

    return start


def values(console, folder, *names):
    return [console.shell(f"cat {folder}/{name}").strip() for name in names]


def power_off(console):
    console.send("poweroff\n")
    console.expect_log("guest asks for power-off")
    assert console.wait() == 0


def test_properties(linux):
    """A disk that is read-only, with a serial number, four queues and blocks of 4096 bytes; random numbers."""
    console = linux("gic2-pci-4x1", ",serial=libvmm-0815", "if=none,id=disk,format=raw,readonly=on,file={path}")
    assert values(console, "/sys/block/vda", "ro", "serial", "size") == ["1", "libvmm-0815", str(16 << 10)]
    assert values(console, "/sys/block/vda/queue", "logical_block_size", "physical_block_size", "minimum_io_size",
                  "max_segments", "write_cache") == ["512", "4096", "4096", "32", "write back"]
    assert int(console.shell("cat /sys/block/vda/queue/optimal_io_size")) % 4096 == 0
    assert console.shell("ls /sys/block/vda/mq").split() == ["0", "1", "2", "3"]
    # The driver of Linux knows what no word of sDDF's is for: that it is not offered.
    assert values(console, "/sys/block/vda/queue", "discard_max_bytes", "write_zeroes_max_bytes") == ["0", "0"]
    assert "Operation not permitted" in console.shell("dd if=/dev/zero of=/dev/vda bs=4096 count=1")

    assert console.shell("cat /sys/class/misc/hw_random/rng_current").startswith("virtio_rng")
    first, second = (console.shell("head -c 4096 /dev/hwrng | md5sum").split()[0] for _ in range(2))
    assert first != second
    assert console.shell("head -c 100000 /dev/hwrng | wc -c").strip() == "100000"
    # From the firmware's interface, long before there is a device.
    assert re.search(r"\[ +0\.000000\] random: crng init done", console.shell("dmesg"))
    power_off(console)


def test_flushes_reach_the_disk(linux, tmp_path):
    """A machine's disk that cannot flush, and cannot read one of its sectors: the guest hears of both."""
    rules = tmp_path / "rules"
    rules.write_text('[inject-error]\nevent = "flush_to_disk"\nerrno = "5"\n'
                     '[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "8192"\n')
    console = linux("gic2-mmio", drive=f"if=none,id=disk,format=raw,file=blkdebug:{rules}:" "{path}")
    write, read = "dd if=/dev/zero of=/dev/vda bs=4096 count=1", "dd if=/dev/vda of=/dev/null bs=4096 count=1"
    assert "Input/output error" not in console.shell(write)
    assert "dd: /dev/vda: Input/output error" in console.shell(f"{write} conv=fsync")
    assert "Input/output error" not in console.shell(f"{read} skip=1030")
    assert "I/O error, dev vda, sector 8192" in console.shell(f"{read} skip=1024")
    power_off(console)
