# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A board's device tree [DTSpec 0.4], read by libfdt: nodes with their properties, addresses translated to the root's,
# interrupts as the interrupt controller numbers them. What cannot be had is a Refused, with node and property.

import struct

import libfdt

GICS = ("arm,gic-400", "arm,cortex-a15-gic", "arm,cortex-a9-gic", "arm,cortex-a7-gic", "arm,gic-v3")
SPI, SPI_FIRST, SPI_COUNT = 0, 32, 988
TRIGGERS = {1: "edge", 4: "level"}


class Refused(Exception):
    """What is asked for cannot be done: for a node, and where it matters for a property."""

    def __init__(self, node, name, what):
        super().__init__(": ".join(text for text in (node and node.path, name, what) if text))


class Node:
    def __init__(self, parent, name):
        self.parent, self.name = parent, name
        self.properties, self.children = {}, []

    @property
    def path(self):
        return f"{self.parent.path.rstrip('/')}/{self.name}" if self.parent else "/"

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def has(self, name):
        return name in self.properties

    def cells(self, name):
        """A property of 32-bit numbers."""
        value = self.properties.get(name)
        if value is None:
            raise Refused(self, name, "is not there")
        if len(value) % 4 != 0:
            raise Refused(self, name, f"has {len(value)} bytes: must be 32-bit numbers")
        return list(struct.unpack(f">{len(value) // 4}I", value))

    def cell(self, name, default=None):
        if default is not None and not self.has(name):
            return default
        cells = self.cells(name)
        if len(cells) != 1:
            raise Refused(self, name, f"has {len(cells)} numbers: must be one")
        return cells[0]

    def strings(self, name):
        return [text.decode("ascii", "replace") for text in self.properties.get(name, b"").split(b"\0") if text]

    def is_enabled(self):
        return self.strings("status") in ([], ["okay"], ["ok"])


def number(cells):
    value = 0
    for cell in cells:
        value = value << 32 | cell
    return value


class Tree:
    def __init__(self, path):
        try:
            with open(path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise Refused(None, None, f"{path}: {error.strerror}") from error
        if content[:4] != b"\xd0\x0d\xfe\xed":
            raise Refused(None, None, f"{path}: no device tree blob")
        size = int.from_bytes(content[4:8], "big")
        if size > len(content):
            raise Refused(None, None, f"{path}: a broken device tree blob: {len(content)} bytes of {size}")
        try:
            self.fdt = libfdt.FdtRo(content)
            self.root = self.read(0, None)
        except (libfdt.FdtException, ValueError, RecursionError, SystemError) as error:
            raise Refused(None, None, f"{path}: a broken device tree blob: {error}") from error
        self.by_phandle = {}
        for node in self.root.walk():
            if len(node.properties.get("phandle", b"")) == 4:
                self.by_phandle[node.cell("phandle")] = node

    def read(self, offset, parent):
        node = Node(parent, self.fdt.get_name(offset))
        at = self.fdt.first_property_offset(offset, libfdt.QUIET_NOTFOUND)
        while at >= 0:
            entry = self.fdt.get_property_by_offset(at)
            node.properties[entry.name] = bytes(entry)
            at = self.fdt.next_property_offset(at, libfdt.QUIET_NOTFOUND)
        at = self.fdt.first_subnode(offset, libfdt.QUIET_NOTFOUND)
        while at >= 0:
            node.children.append(self.read(at, node))
            at = self.fdt.next_subnode(at, libfdt.QUIET_NOTFOUND)
        return node

    def find(self, path):
        for node in self.root.walk():
            if node.path == path:
                return node
        near = [node.path for node in self.root.walk() if path and node.path.endswith("/" + path.rsplit("/", 1)[-1])]
        raise Refused(None, None, f"{path}: there is no such node" + (f"; there is {near[0]}" if near else ""))

    def target(self, node, name, phandle):
        if phandle not in self.by_phandle:
            raise Refused(node, name, f"names phandle {phandle:#x}, which no node has")
        return self.by_phandle[phandle]

    def specifiers(self, node, name, cells_name):
        """Of a list of phandles, each with as many numbers as its node says: the nodes and these numbers."""
        cells = node.cells(name)
        while cells:
            target = self.target(node, name, cells[0])
            count = target.cell(cells_name)
            if len(cells) < 1 + count:
                raise Refused(node, name, f"ends in the middle of what {target.path} takes: {count} numbers")
            yield target, cells[1:1 + count]
            cells = cells[1 + count:]

    def registers(self, node):
        """Address and size of each range of registers, as the processor sees them."""
        address_cells, size_cells = node.parent.cell("#address-cells", 2), node.parent.cell("#size-cells", 1)
        cells, width = node.cells("reg"), address_cells + size_cells
        if size_cells == 0:
            raise Refused(node, "reg", f"has no sizes: {node.parent.path} is no bus with registers in memory")
        if not cells or len(cells) % width != 0:
            raise Refused(node, "reg", f"has {len(cells)} numbers: must be a multiple of {width}")
        for at in range(0, len(cells), width):
            base, size = number(cells[at:at + address_cells]), number(cells[at + address_cells:at + width])
            yield self.translate(node, base, size), size

    def translate(self, node, base, size):
        bus = node.parent
        while bus.parent is not None:
            if not bus.has("ranges"):
                raise Refused(node, "reg", f"{bus.path} has no ranges: its registers are not in the processor's memory")
            base = self.through_ranges(node, bus, base, size)
            bus = bus.parent
        return base

    @staticmethod
    def through_ranges(node, bus, base, size):
        cells = bus.cells("ranges")
        if not cells:
            return base
        own, above = bus.cell("#address-cells", 2), bus.parent.cell("#address-cells", 2)
        width = own + above + bus.cell("#size-cells", 1)
        if len(cells) % width != 0:
            raise Refused(bus, "ranges", f"has {len(cells)} numbers: must be a multiple of {width}")
        for at in range(0, len(cells), width):
            start, length = number(cells[at:at + own]), number(cells[at + own + above:at + width])
            if start <= base and base + size <= start + length:
                return number(cells[at + own:at + own + above]) + base - start
        raise Refused(node, "reg", f"{base:#x} is in no range of {bus.path}")

    def interrupts(self, node):
        """Number and trigger of each interrupt at the GIC."""
        if node.has("interrupts-extended"):
            name = "interrupts-extended"
            listed = list(self.specifiers(node, name, "#interrupt-cells"))
        elif node.has("interrupts"):
            name = "interrupts"
            listed = list(self.plain_interrupts(node))
        else:
            return
        for controller, cells in listed:
            yield self.interrupt(node, name, controller, cells)

    def plain_interrupts(self, node):
        holder = node
        while holder is not None and not holder.has("interrupt-parent"):
            holder = holder.parent
        if holder is None:
            raise Refused(node, "interrupts", "no node says which interrupt-parent they go to")
        controller = self.target(holder, "interrupt-parent", holder.cell("interrupt-parent"))
        cells, width = node.cells("interrupts"), controller.cell("#interrupt-cells")
        if width == 0 or len(cells) % width != 0:
            raise Refused(node, "interrupts", f"has {len(cells)} numbers: must be a multiple of {width}")
        for at in range(0, len(cells), width):
            yield controller, cells[at:at + width]

    @staticmethod
    def interrupt(node, name, controller, cells):
        if not set(controller.strings("compatible")) & set(GICS):
            raise Refused(node, name, f"go to {controller.path}, which is no GIC: a VMM cannot pass them on")
        if len(cells) < 3:
            raise Refused(controller, "#interrupt-cells", f"is {len(cells)}: must be 3 or 4")
        kind, index, flags = cells[:3]
        if kind != SPI:
            raise Refused(node, name, f"<{kind} {index} {flags}> is no SPI: it belongs to a core")
        if index >= SPI_COUNT:
            raise Refused(node, name, f"SPI {index}: must be less than {SPI_COUNT}")
        if flags & 0xF not in TRIGGERS:
            raise Refused(node, name, f"SPI {index} has trigger {flags & 0xF}: must be 1 (rising edge) or 4 (high "
                                      "level)")
        return SPI_FIRST + index, TRIGGERS[flags & 0xF]
