# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Linux with two virtio consoles: sizes of terminals, several ports, and a port that is full both ways.

BYTES = 100 << 10


def test_ports_and_sizes(machine, build):
    console = machine(build / "test/console/image.elf")
    console.boot()
    assert console.shell("cat /sys/class/virtio-ports/vport1p1/name").strip() == "echo"
    assert console.shell("stty size </dev/hvc1").strip() == "27 82"

    # Who writes the port reads it, too: a port has one user, and what comes while there is none is dropped.
    console.shell("exec 3<>/dev/vport1p1")
    assert "size 100 30" in console.shell("echo size 100 30 >&3; head -n 1 <&3")
    # By the configuration space of the one, by a message of the other. Linux passes it on to the terminal by and by.
    console.shell_until("stty size", "30 100")
    assert console.shell("stty size </dev/hvc1").strip() == "30 100"

    # Nobody reads at first: what is written waits, all the way.
    console.shell(f"head -c {BYTES} /dev/urandom >/tmp/data")
    console.shell(f"cat /tmp/data >&3 & sleep 1; head -c {BYTES} <&3 >/tmp/back; wait")
    sums = console.shell("cat /tmp/data /tmp/back | wc -c; cmp /tmp/data /tmp/back && echo same")
    assert str(2 * BYTES) in sums and "same" in sums
    console.send("poweroff\n")
    assert console.wait() == 0
    assert "DEVICE_NEEDS_RESET" not in console.text and "ERROR" not in console.text
