# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What a system description says, read without the tool's help: what has to be mapped where and with which rights, and
# which value each symbol must have.

import xml.etree.ElementTree

PAGE, LARGE_PAGE = 0x1000, 0x200000
STACK_TOP, IPC_BUFFER, VCPU_FRAMES = 0x7FFFC00000, 0x7FFFE00000, 0x7FFFD00000


def number(text):
    digits = text.replace("_", "")
    return int(digits[2:], 16) if digits.startswith("0x") else int(digits)


def without_namespaces(root):
    for element in root.iter():
        element.tag = element.tag.split("}")[-1]
    return root


def ordered(perms):
    return "".join(letter for letter in "rwx" if letter in perms)


class Region:
    def __init__(self, element, programs):
        self.name = element.get("name")
        path = element.get("prefill_path")
        self.content = (programs / path).read_bytes() if path else b""
        self.paddr = number(element.get("phys_addr")) if element.get("phys_addr") else None
        page = number(element.get("page_size")) if element.get("page_size") else None
        if element.get("size"):
            self.size = number(element.get("size"))
        else:
            self.size = -(-len(self.content) // (page or PAGE)) * (page or PAGE)
        self.page = page
        self.addresses = [self.paddr or 0]

    def choose_page(self):
        """The largest page that size and all addresses permit, once all of them are known."""
        if self.page is None:
            is_large = all(value % LARGE_PAGE == 0 for value in [self.size, *self.addresses])
            self.page = LARGE_PAGE if is_large else PAGE


class Map:
    def __init__(self, element, regions):
        self.region = regions[element.get("mr")]
        self.vaddr = number(element.get("vaddr"))
        self.region.addresses.append(self.vaddr)
        self.perms = ordered(element.get("perms", "rw"))
        self.is_device = element.get("cached") == "false"
        self.setvars = {element.get("setvar_vaddr"): self.vaddr, element.get("setvar_size"): self.region.size,
                        element.get("setvar_prefill_size"): len(self.region.content)}

    def pages(self):
        """(address, size, rights, whether device memory) of each page."""
        for offset in range(0, self.region.size, self.region.page):
            yield self.vaddr + offset, self.region.page, self.perms, self.is_device


class Vm:
    def __init__(self, element, pd, regions):
        self.name = element.get("name")
        self.pd = pd
        self.element = element
        self.vcpus = {number(vcpu.get("id")): vcpu for vcpu in element.findall("vcpu")}
        self.maps = [Map(child, regions) for child in element.findall("map")]

    def core(self, vcpu):
        return number(self.vcpus[vcpu].get("cpu", str(self.pd.core)))


class Pd:
    def __init__(self, element, parent, regions):
        self.name = element.get("name")
        self.element = element
        self.parent = parent
        self.core = number(element.get("cpu", "0"))
        self.maps = [Map(child, regions) for child in element.findall("map")]
        self.irqs = element.findall("irq")
        machine = element.find("virtual_machine")
        self.vm = Vm(machine, self, regions) if machine is not None else None
        self.children = [Pd(child, self, regions) for child in element.findall("protection_domain")]
        self.stack = number(element.get("stack_size", "0x2000"))

    def family(self):
        yield self
        for child in self.children:
            yield from child.family()

    def private_pages(self):
        """Pages that no description names, besides the program's."""
        for offset in range(PAGE, self.stack + PAGE, PAGE):
            yield STACK_TOP - offset, PAGE, "rw", False
        yield IPC_BUFFER, PAGE, "rw", False
        for vcpu in self.vm.vcpus if self.vm else []:
            yield VCPU_FRAMES + vcpu * PAGE, PAGE, "rw", False


class Description:
    def __init__(self, path, programs):
        self.programs = programs
        root = without_namespaces(xml.etree.ElementTree.parse(path).getroot())
        self.regions = {element.get("name"): Region(element, programs) for element in root.findall("memory_region")}
        tops = [Pd(element, None, self.regions) for element in root.findall("protection_domain")]
        self.pds = [pd for top in tops for pd in top.family()]
        for region in self.regions.values():
            region.choose_page()
        self.channels = [channel.findall("end") for channel in root.findall("channel")]

    def ends(self, pd):
        """(this end, other end) of each channel of the PD."""
        for ends in self.channels:
            for index in (0, 1):
                if ends[index].get("pd") == pd.name:
                    yield ends[index], ends[1 - index]

    def symbols(self, pd):
        """Symbol -> value, for all that the description and libmicrokit name."""
        values = {}
        for item in pd.maps:
            values.update(item.setvars)
        for irq in pd.irqs:
            values[irq.get("setvar_id")] = number(irq.get("id"))
        for child in pd.children:
            values[child.element.get("setvar_id")] = number(child.element.get("id"))
        for vcpu, element in (pd.vm.vcpus if pd.vm else {}).items():
            values[element.get("setvar_id")] = vcpu
        for end, _ in self.ends(pd):
            values[end.get("setvar_id")] = number(end.get("id"))
        values.pop(None, None)
        values["microkit_irqs"] = sum(1 << number(irq.get("id")) for irq in pd.irqs)
        values["microkit_notifications"] = sum(1 << number(end.get("id")) for end, _ in self.ends(pd)
                                               if end.get("notify") != "false")
        values["microkit_pps"] = sum(1 << number(end.get("id")) for end, _ in self.ends(pd) if end.get("pp") == "true")
        values["microkit_passive"] = int(pd.element.get("passive") == "true")
        return values
