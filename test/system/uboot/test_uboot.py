# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's U-Boot for QEMU as a guest: it finds its virtual disk, resets the guest, and boots Linux from the disk, which
# then has all of it.

import hashlib
import zlib

import pytest

PROMPT = r"^=> "
TRIES = 3


def run(console, command):
    """Runs a command of U-Boot's; answers what it printed."""
    console.send(command + "\n")
    console.expect(r"\n")
    begin = console.read_up_to
    match = console.expect(PROMPT)
    return console.text[begin:match.start()].replace("\r", "")


@pytest.fixture
def uboot(machine, build):
    """uboot(variant) stops U-Boot at its prompt. It takes a key for two seconds only: a busy machine may need more
    than one try."""

    def start(variant):
        folder = build / "test/uboot"
        for _ in range(TRIES):
            console = machine(folder / variant / "image.elf", gic=int(variant[3]), extra=[
                "-global", "virtio-mmio.force-legacy=false",
                "-drive", f"if=none,id=disk,format=raw,snapshot=on,file={folder / 'disk.img'}",
                "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0"])
            console.expect(r"Hit any key to stop autoboot")
            console.send("\n")
            if console.expect(rf"{PROMPT}|Starting kernel")[0] != "Starting kernel":
                return console
            console.close()
        pytest.fail(f"U-Boot took no key in {TRIES} tries")

    return start


@pytest.mark.parametrize("variant", ["gic2-mmio", "gic3-pci"])
def test_uboot(uboot, build, variant):
    kernel = (build / "guest/Image").read_bytes()
    console = uboot(variant)
    if "pci" in variant:
        run(console, "pci enum")
    run(console, "virtio scan")
    assert "VirtIO Block Device" in run(console, "virtio info")
    run(console, "load virtio 0:1 ${kernel_addr_r} /boot/Image")
    assert f"{zlib.crc32(kernel):08x}" in run(console, "crc32 ${kernel_addr_r} ${filesize}")

    # What U-Boot writes is still there after a reset. The first sectors behind the table are free.
    run(console, "mw.l ${kernel_addr_r} 76646b6c 80; virtio write ${kernel_addr_r} 40 1")
    console.send("reset\n")
    console.expect(r"Hit any key to stop autoboot")
    console.expect(r"Starting kernel")
    console.boot()
    assert console.shell("dd if=/dev/vda bs=512 skip=64 count=1 2>/dev/null | tr -dc lkdv | wc -c").strip() == "512"
    console.shell("mount -t ext4 -o ro /dev/vda1 /tmp")
    assert hashlib.md5(kernel).hexdigest() in console.shell("md5sum /tmp/boot/Image")
    console.power_off()
