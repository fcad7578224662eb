# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""
examples/kitty: the till's screen, shown by a Linux guest, is compared pixel by pixel with the same picture drawn on the
host. KITTY_ALL=1: with both interrupt controllers, each with both sizes of the screen ("make test-kitty").
"""

import ctypes
import os
import random
import socket
import subprocess

import pytest

import on_sdk
from till import (BAD_CARD, GOOD_CARD, HEADER_BYTES, LOG_OFFSET, PAID, PROGRESS_MAX, REFUSED, REGION_BYTES,
                  SECONDS_A_DAY, WAITING, Monitor, Picture, Rect, Renderer, Till, devices, log_line, make_disk,
                  read_log)

SIZES = ((1024, 768), (1280, 800))
VARIANTS = [(gic, size) for gic in (2, 3) for size in SIZES] if os.environ.get("KITTY_ALL") else \
    [(2, SIZES[0]), (3, SIZES[1])]
WRONG_NUMBER = b"the card's number is wrong"
LIFETIME = 600
# The machine's time is that of its instructions: no share depends on how busy the host is.
ICOUNT = ["-icount", "shift=4,sleep=off"]


@pytest.fixture
def disk(root, tmp_path):
    return make_disk(root, tmp_path)


@pytest.fixture
def boot(machine, build, disk, tmp_path):
    """boot(gic, size) starts the example."""

    def start(gic, size):
        console = machine(build / f"examples/kitty/gic{gic}/image.elf", gic=gic, lifetime=LIFETIME, extra=[
            *devices(disk, size), "-monitor", f"unix:{tmp_path}/monitor,server=on,wait=off"])
        console.expect("till: an amount")
        return Till(console, Monitor(tmp_path / "monitor"), Renderer(build / "test/kitty/till.so", *size), tmp_path)

    return start


def sell(console, amount, card=GOOD_CARD):
    """A sale from beginning to end; answers the tenths of seconds that it took."""
    console.send(f"{amount}\r")
    console.expect("card number")
    console.send(f"{card}\r")
    match = console.expect(r"till: paid: sale \d+, after (\d+)\.(\d) s")
    return int(match[1]) * 10 + int(match[2])


@pytest.mark.parametrize("gic, size", VARIANTS, ids=lambda value: "x".join(map(str, value)) if isinstance(
    value, tuple) else f"gic{value}")
def test_screen(boot, disk, gic, size):
    """Four states; a reboot of the guest, a crash, a restart while sales go on, and the screen without /dev/fb0."""
    till = boot(gic, size)
    till.sees(state=WAITING)
    till.type("12.50")
    till.sees(state=WAITING, amount=1250)
    till.sees_processing(amount=1250, card=b"1111")
    till.console.expect("till: paid: sale 1,")
    till.sees(state=PAID, amount=1250, sale=1, card=b"1111")
    first_clock = till.clock
    till.sees(state=PAID, amount=1250, sale=1, card=b"1111")
    till.type("1000000")
    till.console.expect('till: "1000000": must be an amount up to 999999.99')
    till.type("999999.99")
    till.type(BAD_CARD)
    till.console.expect("till: refused: the card's number is wrong")
    till.sees(state=REFUSED, amount=99999999, sale=2, reason=WRONG_NUMBER, card=b"1112")
    assert till.clock > first_clock

    # Keyboard and pointer of the guest: a tap ends the sale, an amount is typed, and mistyped.
    till.monitor.command("mouse_button 1")
    till.monitor.command("mouse_button 0")
    till.sees(state=WAITING, amount=0, sale=2, card=b"1112")
    for key in ("3", "kp_4", "5", "backspace", "dot", "kp_0", "2", "ret"):
        till.monitor.command(f"sendkey {key}")
    till.console.expect("till: EUR 34.02: card number")
    till.type(BAD_CARD)
    till.console.expect("till: refused: the card's number is wrong")
    till.sees(state=REFUSED, amount=3402, sale=3, reason=WRONG_NUMBER, card=b"1112")

    till.guest("reboot")
    till.console.expect("shell ready")
    till.sees(state=REFUSED, amount=3402, sale=3, reason=WRONG_NUMBER, card=b"1112")

    # A crash: nobody says anything, the guest is just dead; then what the operator can do. The guest may be there again
    # before the sales are over.
    before = till.console.read_up_to
    if gic == 2:
        till.guest("echo c >/proc/sysrq-trigger")
    else:
        till.type("restart")
    sell(till.console, "1")
    sell(till.console, "0.01")
    till.console.read_up_to = before
    if gic == 2:
        till.console.expect("the display takes nothing: its VM is restarted")
    till.console.expect("shell ready")
    till.sees(state=PAID, amount=1, sale=5, card=b"1111")

    # The other way to the screen, in a guest whose kernel does not emulate a frame buffer.
    till.guest("rm /dev/fb0; killall paint")
    till.type("77")
    till.sees(state=WAITING, amount=7700, sale=5, card=b"1111")
    till.type("display")
    till.console.expect(rf"till: display {size[0]}x{size[1]}, with damage, \d+ rectangles, \d+ pixels copied; 0 ")
    assert "KERNEL|" not in till.console.text
    till.console.close()
    assert read_log(disk) == [("paid", 1250, "1111"), ("refused", 99999999, "1112"), ("refused", 3402, "1112"),
                              ("paid", 100, "1111"), ("paid", 1, "1111")]


# Lines that the log has already, and whether the last of them is torn.
@pytest.mark.parametrize("count, is_torn", [(0, False), (63, False), (64, False), (64, True), (65, True),
                                            (1700, False)])
def test_log_goes_on(machine, build, disk, count, is_torn):
    """A log is found again, and goes on behind its last whole line. There is no display."""
    with open(disk, "r+b") as file:
        file.seek(LOG_OFFSET)
        file.write(b"".join(log_line(number, number) for number in range(1, count + 1)))
        if is_torn:
            file.seek(-24, os.SEEK_CUR)
            file.write(bytes(24))
    console = machine(build / "test/kitty/idle-gic2/image.elf", extra=[*devices(disk, SIZES[0]), *ICOUNT])
    console.expect("till: an amount")
    sell(console, "9.99")
    sell(console, "9.98")
    console.close()
    kept = count - is_torn
    assert read_log(disk) == [("paid", number, "1111") for number in range(1, kept + 1)] + [
        ("paid", 999, "1111"), ("paid", 998, "1111")]


def test_no_disk(machine, build):
    """A sale that cannot be recorded is refused."""
    console = machine(build / "test/kitty/idle-gic2/image.elf", extra=ICOUNT)
    console.expect("till: an amount")
    console.send("1\r4111 1111 1111 1111\r")
    console.expect("till: refused: sales cannot be recorded")


@pytest.mark.parametrize("gic", [2, 3])
def test_hostile_display(machine, build, disk, gic):
    """Nonsense in the header, and a doorbell without end: sales take as long as ever, and the till says what it got."""
    console = machine(build / f"test/kitty/hostile-gic{gic}/image.elf", gic=gic, lifetime=LIFETIME,
                      extra=[*devices(disk, SIZES[0]), *ICOUNT])
    console.expect(r"till: refused a display of 1024x0, 32 bits a pixel: must be 320x240 at least, 32 bits, and end "
                   r"within 33554432 bytes; 1 such")
    for _ in range(2):
        assert 20 <= sell(console, "5.00") <= 22
    refused = console.expect(r"till: refused a display of \d+x\d+, \d+ bits a pixel: .*; (\d+) such")
    assert int(refused[1]) > (100 if on_sdk.SDK else 1000)  # an exit costs more there
    assert "KERNEL|" not in console.text
    console.close()
    assert read_log(disk) == 2 * [("paid", 500, "1111")]


@pytest.mark.xdist_group("make")
def test_run(spawn, root, build):
    """"make run" without a display says how to look at the screen."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    console = spawn(["make", "-s", "run", "EXAMPLE=kitty", f"BUILD={os.path.relpath(build, root)}"], cwd=root,
                    env=environment)
    socket_path = console.expect(r"LOOK +vncviewer (\S+)", timeout=200)[1]
    console.expect("till: an amount")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(socket_path)
        assert client.recv(4) == b"RFB "  # [RFC 6143, 7.1.1]
    console.send("1.5O\n")
    console.expect('till: "1.5O": must be an amount')


@pytest.mark.parametrize("display, can_open, shown", [
    (":0", "gtk", "-display gtk"), (":0", "sdl", "-display sdl"), (":0", "curses", "-vnc"), ("", "gtk", "-vnc")])
def test_where_the_screen_is(root, tmp_path, display, can_open, shown):
    """A window where there is a display and a QEMU that can open one; otherwise VNC."""
    qemu = tmp_path / "qemu"
    qemu.write_text(f'#!/bin/sh\n[ "$*" = "-display help" ] && echo {can_open} || echo "$@"\n')
    qemu.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    run = subprocess.run([root / "examples/kitty/run", tmp_path, qemu, "-m", "2G"], stdin=subprocess.DEVNULL, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**environment, "DISPLAY": display},
                         timeout=60, check=True)
    assert run.stdout.startswith(f"-m 2G {shown} ")
    assert ("vncviewer" in run.stderr) == (shown == "-vnc")


class Display(ctypes.Structure):
    """As display.h has it, up to what is looked at here."""
    _fields_ = [("region", ctypes.c_size_t), ("screen", ctypes.c_uint64 * 2), ("rest", ctypes.c_uint64 * 16)]


SAME, STARTED, HEADER_REFUSED = range(3)
HEADERS = {
    (1024, 768, 32): STARTED, (320, 240, 32): STARTED, (65535, 127, 32): HEADER_REFUSED,
    (34952, 240, 32): STARTED, (34953, 240, 32): HEADER_REFUSED, (34952, 239, 32): HEADER_REFUSED,
    (3840, 2160, 32): STARTED, (8192, 1024, 32): HEADER_REFUSED,
    (8191, 1024, 32): STARTED, (2896, 2896, 32): STARTED, (2896, 2897, 32): HEADER_REFUSED,
    (0, 0, 0): HEADER_REFUSED, (0, 768, 32): HEADER_REFUSED, (1024, 0, 32): HEADER_REFUSED,
    (319, 240, 32): HEADER_REFUSED, (320, 239, 32): HEADER_REFUSED, (1024, 768, 16): HEADER_REFUSED,
    (1024, 768, 1 << 31 | 32): HEADER_REFUSED, (1 << 31, 1 << 31, 32): HEADER_REFUSED,
    (1 << 31, 768, 32): HEADER_REFUSED, (65536, 65536, 32): HEADER_REFUSED, (1 << 30, 4, 32): HEADER_REFUSED,
    (0xffffffff, 0xffffffff, 0xffffffff): HEADER_REFUSED, (0xffffffff, 240, 32): HEADER_REFUSED,
}


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_header(build, header):
    library = ctypes.CDLL(str(build / "test/kitty/till.so"))
    region = (ctypes.c_uint32 * (REGION_BYTES // 4))()
    display = Display()
    library.display_open(ctypes.byref(display), ctypes.c_size_t(ctypes.addressof(region)))
    region[0:3] = header
    assert library.display_look(ctypes.byref(display)) == HEADERS[header]
    if HEADERS[header] == STARTED:
        assert header[0] * header[1] * 4 + HEADER_BYTES <= REGION_BYTES
        assert library.display_look(ctypes.byref(display)) == SAME
        # Another one that cannot be leaves the screen as it is.
        region[0] = 0
        assert library.display_look(ctypes.byref(display)) == HEADER_REFUSED
        region[0] = header[0]
        assert library.display_look(ctypes.byref(display)) == SAME


EXTENSION = (REGION_BYTES - 0x1000) // 4
DAMAGE_TAKEN, MAGIC, INPUT_PUT, INPUT = (EXTENSION + word for word in (2, 4, 5, 8))
DAMAGE_PUT, INPUT_TAKEN = EXTENSION + 514, EXTENSION + 515


def test_counters_of_the_guest(build):
    """Counts of the guest's that cannot be make an empty or a full ring, never a place outside it."""
    library = ctypes.CDLL(str(build / "test/kitty/till.so"))
    library.display_take_input.restype = library.display_flush.restype = ctypes.c_bool
    region = (ctypes.c_uint32 * (REGION_BYTES // 4))()
    display, event = Display(), (ctypes.c_uint32 * 2)()
    library.display_open(ctypes.byref(display), ctypes.c_size_t(ctypes.addressof(region)))
    region[EXTENSION], region[MAGIC] = 1, 0x7974746b
    region[0:3] = (1024, 768, 32)
    assert library.display_look(ctypes.byref(display)) == STARTED

    # Sixty-four events; then a count that is ahead by more, which drops them.
    for put, found in ((64, 64), (129, 0), (130, 1), (129, 0), (128, 0), (192, 64), (0x80000000, 0)):
        region[INPUT:INPUT + 128] = range(128)
        region[INPUT_PUT] = put
        taken = 0
        while library.display_take_input(ctypes.byref(display), ctypes.byref(event)):
            assert event[1] == event[0] + 1 < 128
            taken += 1
        assert (taken, region[INPUT_TAKEN]) == (found, put)

    # A ring that is full, or whose count makes no sense: damage is kept, and said as one rectangle when there is room.
    for x in range(100):
        library.display_damage(ctypes.byref(display), Rect(x, 10, 5, 5))
    assert library.display_flush(ctypes.byref(display)) and region[DAMAGE_PUT] == 64
    region[DAMAGE_TAKEN] = 65
    assert not library.display_flush(ctypes.byref(display)) and region[DAMAGE_PUT] == 64
    region[DAMAGE_TAKEN] = 64
    assert library.display_flush(ctypes.byref(display)) and region[DAMAGE_PUT] == 65
    assert list(region[DAMAGE_PUT + 6:DAMAGE_PUT + 8]) == [10 << 16 | 64, 5 << 16 | 40]


def outside(pixels, width, rects):
    """The pixels with the rectangles blanked."""
    rest = bytearray(pixels)
    for x, y, rect_width, rect_height in rects:
        for row in range(y, y + rect_height):
            rest[(row * width + x) * 4:(row * width + x + rect_width) * 4] = bytes(rect_width * 4)
    return rest


@pytest.mark.parametrize("size", [(320, 240), (333, 251), (640, 480), (800, 1000), (1024, 768)], ids=str)
def test_updates_draw_what_has_changed(build, size):
    """A screen that is updated has the pixels of one that is drawn anew, and changed only where it says so."""
    renderer, other = (Renderer(build / "test/kitty/till.so", *size) for _ in range(2))
    numbers = random.Random(size[0])

    def change(old):
        new = Picture.from_buffer_copy(old)
        for field, most in numbers.sample([("state", 3), ("amount", 99999999), ("progress", PROGRESS_MAX),
                                           ("clock", SECONDS_A_DAY - 1), ("sale", 999999)], 2):
            if field != "state" or numbers.random() < 0.3:
                setattr(new, field, numbers.randint(0, most))
        new.card = b"%04d" % numbers.randint(0, 9999)
        new.reason = b"x" * numbers.randint(0, 39)
        return new

    picture = Picture()
    pixels = renderer.draw(picture)
    for _ in range(60):
        new = change(picture)
        updated, rects = renderer.update(picture, new)
        assert updated == other.draw(new)
        assert outside(updated, size[0], rects) == outside(pixels, size[0], rects)
        assert all(x + width <= size[0] and y + height <= size[1] for x, y, width, height in rects)
        picture, pixels = new, updated


def test_a_digit_is_one_rectangle(build):
    renderer = Renderer(build / "test/kitty/till.so", 640, 480)
    renderer.draw(Picture(clock=10))
    _, rects = renderer.update(Picture(clock=10), Picture(clock=11))
    assert [(width, height) for _, _, width, height in rects] == [(16, 32)]
