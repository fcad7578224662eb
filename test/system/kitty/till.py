# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""The example kitty in QEMU: the till's pictures, drawn by its own code on the host, and what the display shows."""

import ctypes
import socket
import subprocess
import time
import zlib

WAITING, PROCESSING, PAID, REFUSED = range(4)
PROGRESS_MAX = 20
HEADER_BYTES, REGION_BYTES = 12, 0x2000000
SECONDS_A_DAY = 86400
START = "2026-01-31T12:00:00"
START_CLOCK = 12 * 3600
GOOD_CARD, BAD_CARD = "4111 1111 1111 1111", "4111111111111112"
KEY = "\x1c"  # of the serial virtualiser
SCREEN_PATIENCE = 240  # seconds
CLOCK_STEPS_MAX = 600  # between two looks at the screen


class Screen(ctypes.Structure):
    _fields_ = [("pixels", ctypes.c_void_p), ("width", ctypes.c_uint32), ("height", ctypes.c_uint32)]


class Rect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("x", "y", "width", "height")]


class Picture(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("state", "amount", "progress", "clock", "sale")] + [
        ("card", ctypes.c_char * 8), ("reason", ctypes.c_char * 40)]


DAMAGE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, Rect)


class Renderer:
    """A screen in the host's memory."""

    def __init__(self, library, width, height):
        self.library = ctypes.CDLL(str(library))
        self.width, self.height = width, height
        self.memory = ctypes.create_string_buffer(width * height * 4)
        self.screen = Screen(ctypes.addressof(self.memory), width, height)

    def draw(self, picture):
        self.library.screen_draw(ctypes.byref(self.screen), ctypes.byref(picture))
        return self.memory.raw[:self.width * self.height * 4]

    def update(self, old, new):
        """Draws what has changed; answers the pixels and the rectangles."""
        rects = []
        self.library.screen_update(ctypes.byref(self.screen), ctypes.byref(old), ctypes.byref(new),
                                   DAMAGE(lambda _, rect: rects.append((rect.x, rect.y, rect.width, rect.height))),
                                   None)
        return self.memory.raw[:self.width * self.height * 4], rects


def to_bgra(rgb):
    """Three bytes a pixel, as in a PPM, to four bytes in the order of the region."""
    pixels = bytearray(b"\xff" * (len(rgb) // 3 * 4))
    pixels[0::4], pixels[1::4], pixels[2::4] = rgb[2::3], rgb[1::3], rgb[0::3]
    return bytes(pixels)


def read_ppm(path):
    """Width, height and the pixels of a screenshot, three bytes each."""
    magic, width, height, most, data = path.read_bytes().split(maxsplit=4)
    # The byte behind the last number is one blank; a pixel may look like one, too.
    data = path.read_bytes()[-int(width) * int(height) * 3:]
    assert (magic, most) == (b"P6", b"255")
    return int(width), int(height), data


class Monitor:
    """QEMU's human monitor on a Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(str(path))
        self._read()

    def _read(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            text += self.socket.recv(65536)
        return text.decode(errors="replace")

    def command(self, line):
        self.socket.sendall(line.encode() + b"\n")
        return self._read()


LOG_OFFSET = 1 << 20  # of the first partition


def log_line(number, cents, card="1111"):
    line = f"{number:06} 2026-01-31T12:34:56Z paid     {cents // 100:7}.{cents % 100:02} {card} ".encode()
    return line + b"%08x  \n" % zlib.crc32(line)


def read_log(path):
    """The sales in the log of a disk: (how it ended, cents, card). It must be whole."""
    data = path.read_bytes()[LOG_OFFSET:]
    sales = []
    while data[:6].isdigit():
        line, data = data[:64], data[64:]
        assert line.endswith(b"  \n"), line
        assert int(line[53:61], 16) == zlib.crc32(line[:53]), line
        number, _, ended, amount, card, _ = line.decode().split()
        sales.append((ended, round(float(amount) * 100), card))
        assert int(number) == len(sales), line
    return sales


def make_disk(root, folder):
    """A disk with an empty log."""
    path = folder / "disk.img"
    subprocess.run([root / "tools/run/make-disk", path, "2"], check=True)
    return path


def devices(disk, size):
    return ["-global", "virtio-mmio.force-legacy=false", "-rtc", f"base={START},clock=vm",
            "-drive", f"if=none,id=disk,format=raw,file={disk}",
            "-device", "virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0",
            "-device", f"virtio-gpu-device,bus=virtio-mmio-bus.24,xres={size[0]},yres={size[1]}",
            "-device", "virtio-keyboard-device,bus=virtio-mmio-bus.25",
            "-device", "virtio-tablet-device,bus=virtio-mmio-bus.26"]


class Till:
    """The machine with its display."""

    def __init__(self, console, monitor, renderer, folder):
        self.console, self.monitor, self.renderer, self.folder = console, monitor, renderer, folder
        self.clock = START_CLOCK  # the last one that was seen

    def type(self, line):
        self.console.send(line + "\r")

    def guest(self, command):
        """Types a command in the shell of the display's guest; then the till has the keyboard again."""
        self.console.send(KEY + "1")
        self.console.expect(r"\[input: display\]")
        self.console.send(command + "\n")
        self.console.send(KEY + "0")
        self.console.expect(r"\[input: till\]")

    def screenshot(self):
        path = self.folder / "screen.ppm"
        self.monitor.command(f"screendump {path}")
        width, height, rgb = read_ppm(path)
        return to_bgra(rgb) if (width, height) == (self.renderer.width, self.renderer.height) else None

    def matches(self, pixels, fields, progress_min=0):
        """Whether the pixels are those of a picture, with any progress, whose clock has gone on since the last one."""
        below_clock = len(pixels) // 4
        for progress in range(progress_min, PROGRESS_MAX + 1) if fields["state"] == PROCESSING else [0]:
            picture = Picture(clock=self.clock, progress=progress, **fields)
            if self.renderer.draw(picture)[below_clock:] != pixels[below_clock:]:
                continue
            for seconds in range(CLOCK_STEPS_MAX):
                picture.clock = (self.clock + seconds) % SECONDS_A_DAY
                if self.renderer.draw(picture) == pixels:
                    self.clock = picture.clock
                    return True
        return False

    def sees(self, **fields):
        """Waits until the screen shows a picture."""
        end = time.monotonic() + SCREEN_PATIENCE
        while True:
            pixels = self.screenshot()
            if pixels is not None and self.matches(pixels, fields):
                return
            assert time.monotonic() < end, f"the screen does not show {fields}: see {self.folder}/screen.ppm"
            self.console.collect(0.5)

    def sees_processing(self, progress_min=0, **fields):
        """Has a sale processed until the screen shows that. The machine stands still while it is looked at."""
        for _ in range(5):
            self.type(GOOD_CARD)
            self.console.expect("till: processing card")
            ended = self.console.text.count("paid: sale") + self.console.text.count("refused: the")
            while self.console.text.count("paid: sale") + self.console.text.count("refused: the") == ended:
                self.monitor.command("stop")
                pixels = self.screenshot()
                is_seen = pixels is not None and self.matches(pixels, {"state": PROCESSING, **fields}, progress_min)
                self.monitor.command("cont")
                if is_seen:
                    return
                self.console.collect(0.05)
        raise AssertionError("the screen never shows that a card is processed")
