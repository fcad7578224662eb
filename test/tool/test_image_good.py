# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""Images of good system descriptions hold exactly what the description says: no page more, no right more."""

import pathlib

import pytest
from description import Description, PAGE, STACK_TOP, VCPU_FRAMES, number
from image_file import ANY, KIND_PD, KIND_VCPU, Elf, Image

GOOD = sorted((pathlib.Path(__file__).parent / "good").glob("*.system"))
RAM = range(0x40000000, 0x44000000)
KERNEL = range(0x40000000, 0x40200000)
FLAG_SMC, FLAG_FPU, FLAG_PASSIVE = 1, 2, 4
CHANNEL_NOTIFY, CHANNEL_PPCALL, CHANNEL_IRQ = 1, 2, 4


class Built:
    """A description, and the image that the tool made of it."""

    def __init__(self, system, tool):
        run = tool.run(system)
        assert (run.returncode, run.stderr, run.stdout) == (0, "", "")
        self.description = Description(system, tool.programs)
        self.image = Image(tool.output).load_tables(tool.programs / "kernel.elf")
        self.report = tool.report.read_text()

    def program(self, pd):
        return Elf(self.description.programs / pd.element.find("program_image").get("path"))

    def symbols(self, pd):
        image = pd.element.find("program_image")
        return Elf(self.description.programs / image.get("path_for_symbols", image.get("path"))).symbols()

    def program_pages(self, pd):
        for flags, _, vaddr, _, _, memsz, _ in self.program(pd).loads():
            perms = "r" + ("w" if flags & 2 else "") + ("x" if flags & 1 else "")
            for address in range(vaddr // PAGE * PAGE, vaddr + memsz, PAGE):
                yield address, PAGE, perms, False

    def spaces(self):
        """(thread, pages that the description wants) of each address space."""
        for pd in self.description.pds:
            wanted = list(self.program_pages(pd)) + list(pd.private_pages())
            yield self.image.thread(pd.name), wanted + [page for item in pd.maps for page in item.pages()]
            if pd.vm:
                yield (self.image.thread(pd.vm.name, KIND_VCPU), [page for item in pd.vm.maps for page in item.pages()])

    def maps(self):
        """(thread, map) of each map."""
        for pd in self.description.pds:
            for item in pd.maps:
                yield self.image.thread(pd.name), item
            for item in pd.vm.maps if pd.vm else []:
                yield self.image.thread(pd.vm.name, KIND_VCPU), item


@pytest.fixture(params=GOOD, ids=lambda path: path.stem)
def built(request, tool):
    return Built(request.param, tool)


def check_mapped_pages(built):
    for thread, wanted in built.spaces():
        found = [(page.ipa, page.size, page.perms, page.is_device) for page in built.image.pages(thread)]
        assert found == sorted(wanted), thread.name


def check_no_write_and_execute(built):
    for pd in built.description.pds:
        for page in built.image.pages(built.image.thread(pd.name)):
            assert "wx" not in page.perms


def region_places(built):
    """Region name -> physical addresses of its pages; the same in each map of it."""
    places = {}
    for thread, item in built.maps():
        pages = {page.ipa: page.paddr for page in built.image.pages(thread)}
        found = [pages[address] for address, *_ in item.pages()]
        assert places.setdefault(item.region.name, found) == found
    return places


def check_regions(built):
    for name, places in region_places(built).items():
        region = built.description.regions[name]
        assert places == list(range(places[0], places[0] + region.size, region.page)), "contiguous"
        if region.paddr is not None:
            assert places[0] == region.paddr
        else:
            assert places[0] in RAM
        if places[0] in RAM:
            content = b"".join(built.image.memory.read(place, region.page) for place in places)
            assert content == region.content.ljust(region.size, b"\0")


def check_physical_memory(built):
    """All that is in use lies in RAM (or is a device), nothing in the kernel's range, nothing in two places."""
    shared = {}
    for name, places in region_places(built).items():
        page = built.description.regions[name].page
        shared.update({place: (name, page) for place in places})
    used = []
    for thread, _ in built.spaces():
        for page in built.image.pages(thread):
            if page.paddr not in shared:
                used.append((page.paddr, page.size))
    used += [(paddr, page) for paddr, (_, page) in shared.items()]
    used += [(flow[2], flow[4]) for flow in built.image.elf.loads() if flow[2] not in KERNEL
             and not any(base <= flow[2] < base + size for base, size in used)]
    used.sort()
    for (base, size), (following, _) in zip(used, used[1:]):
        assert base + size <= following
    for base, size in used:
        assert base not in KERNEL and base + size - 1 not in KERNEL
        assert (base in RAM) == (base + size - 1 in RAM)


def check_private_memory_is_zero(built):
    for pd in built.description.pds:
        thread = built.image.thread(pd.name)
        pages = {page.ipa: page.paddr for page in built.image.pages(thread)}
        for address, size, _, _ in pd.private_pages():
            assert built.image.memory.read(pages[address], size) == bytes(size)
        assert STACK_TOP - pd.stack - PAGE not in pages, "guard page"


def symbol_values(built, pd):
    values = built.description.symbols(pd)
    places = region_places(built)
    for setvar in pd.element.findall("setvar"):
        values[setvar.get("symbol")] = places[setvar.get("region_paddr")][0]
    return values


def expected_program(built, pd):
    """The program's memory by address of its segments, symbols set."""
    symbols = built.symbols(pd)
    elf = built.program(pd)
    memory = {}
    for _, offset, vaddr, _, filesz, memsz, _ in elf.loads():
        memory[vaddr] = bytearray(elf.data[offset:offset + filesz].ljust(memsz, b"\0"))
    patches = {name: value.to_bytes(symbols[name][1], "little") for name, value in symbol_values(built, pd).items()}
    patches["microkit_name"] = pd.name.encode().ljust(64, b"\0")
    for name, value in patches.items():
        address, size = symbols[name]
        vaddr = max(start for start in memory if start <= address)
        memory[vaddr][address - vaddr:address - vaddr + size] = value
    return memory


def check_programs(built):
    for pd in built.description.pds:
        thread = built.image.thread(pd.name)
        assert thread.entry == built.program(pd).entry
        pages = {page.ipa: page.paddr for page in built.image.pages(thread)}
        for vaddr, content in expected_program(built, pd).items():
            base = vaddr // PAGE * PAGE
            addresses = range(base, vaddr + len(content), PAGE)
            found = b"".join(built.image.memory.read(pages[address], PAGE) for address in addresses)
            assert found == (bytes(vaddr - base) + content).ljust(len(found), b"\0"), (pd.name, hex(vaddr))


def check_scheduling(thread, element, core):
    budget = number(element.get("budget", "1000"))
    assert thread.priority == number(element.get("priority", "0"))
    assert (thread.budget, thread.period) == (budget, number(element.get("period", str(budget))))
    assert thread.core == core


def check_pd_thread(built, pd):
    image, thread = built.image, built.image.thread(pd.name)
    check_scheduling(thread, pd.element, pd.core)
    assert thread.flags == (FLAG_SMC * (pd.element.get("smc") == "true") |
                            FLAG_FPU * (pd.element.get("fpu") != "false") |
                            FLAG_PASSIVE * (pd.element.get("passive") == "true"))
    assert (thread.stack_top, thread.stack_bottom) == (STACK_TOP, STACK_TOP - pd.stack)
    assert thread.ipc_buffer == image.page(thread, 0x7FFFE00000).paddr
    children = {number(child.element.get("id")): image.thread(child.name) for child in pd.children}
    for vcpu in pd.vm.vcpus if pd.vm else []:
        children[vcpu] = next(other for other in image.threads
                              if (other.name, other.kind, other.child) == (pd.vm.name, KIND_VCPU, vcpu))
    for index in range(64):
        if index in children:
            assert image.threads[thread.children[index]] is children[index]
            assert image.threads[children[index].parent] is thread and children[index].child == index
        else:
            assert thread.children[index] == ANY
    if pd.parent is None:
        assert thread.parent == ANY


def check_vcpu_threads(built, pd):
    image = built.image
    threads = [thread for thread in image.threads if (thread.name, thread.kind) == (pd.vm.name, KIND_VCPU)]
    assert [thread.child for thread in threads] == list(pd.vm.vcpus)
    for thread in threads:
        check_scheduling(thread, pd.vm.element, pd.vm.core(thread.child))
        assert thread.flags == FLAG_FPU
        assert (thread.table, thread.vmid) == (threads[0].table, threads[0].vmid)
        frame = image.page(image.thread(pd.name), VCPU_FRAMES + thread.child * PAGE)
        assert thread.frame == frame.paddr
        assert (thread.entry, thread.stack_top, thread.ipc_buffer) == (0, 0, 0)
        assert set(thread.children) == {ANY} and set(thread.channels) == {(0, 0, 0, 0)}


def check_threads(built):
    image, pds = built.image, built.description.pds
    for pd in pds:
        check_pd_thread(built, pd)
        if pd.vm:
            check_vcpu_threads(built, pd)
    assert len(image.threads) == len(pds) + sum(len(pd.vm.vcpus) for pd in pds if pd.vm)
    assert image.core_count == max(thread.core for thread in image.threads) + 1
    spaces = {thread.vmid: thread.table for thread in image.threads}
    assert len(spaces) == len(set(spaces.values())) == len(pds) + sum(1 for pd in pds if pd.vm)
    assert all(1 <= vmid <= 255 for vmid in spaces)


def check_channels(built):
    image = built.image
    for pd in built.description.pds:
        thread = image.thread(pd.name)
        wanted = {}
        for end, peer in built.description.ends(pd):
            flags = CHANNEL_NOTIFY * (end.get("notify") != "false") | CHANNEL_PPCALL * (end.get("pp") == "true")
            peer_index = image.threads.index(image.thread(peer.get("pd")))
            wanted[number(end.get("id"))] = (peer_index, number(peer.get("id")), flags, 0)
        for irq in pd.irqs:
            channel = number(irq.get("id"))
            trigger = 1 if irq.get("trigger") == "edge" else 0
            index = image.irqs.index((number(irq.get("irq")), image.threads.index(thread), channel, trigger))
            wanted[channel] = (0, 0, CHANNEL_IRQ, index)
        assert thread.channels == [wanted.get(channel, (0, 0, 0, 0)) for channel in range(62)]
    assert len(image.irqs) == sum(len(pd.irqs) for pd in built.description.pds)


def check_file(built):
    """The kernel is in it as it was, but for one word; what is zero is not in it."""
    elf = built.image.elf
    assert (elf.type, elf.machine) == (2, 183)
    kernel = Elf(built.description.programs / "kernel.elf")
    assert elf.entry == kernel.entry
    word = kernel.symbols()["kernel_image"][0]
    for _, offset, vaddr, _, filesz, memsz, _ in kernel.loads():
        content = bytearray(kernel.data[offset:offset + filesz].ljust(memsz, b"\0"))
        if vaddr <= word < vaddr + memsz:
            content[word - vaddr:word - vaddr + 8] = built.image.paddr.to_bytes(8, "little")
        assert built.image.memory.read(vaddr, memsz) == content
    for _, offset, vaddr, paddr, _, _, align in elf.loads():
        assert vaddr == paddr and offset % align == vaddr % align
    for base, size in built.image.zeros:
        assert base % PAGE == 0 and size % PAGE == 0 and base in RAM and base + size - 1 in RAM


def check_report(built):
    for pd in built.description.pds:
        assert f'Protection domain "{pd.name}"' in built.report
        assert pd.vm is None or f'Virtual machine "{pd.vm.name}" of "{pd.name}"' in built.report
    for name in built.description.regions:
        assert f'memory_region "{name}"' in built.report


CHECKS = [check_mapped_pages, check_no_write_and_execute, check_regions, check_physical_memory,
          check_private_memory_is_zero, check_programs, check_threads, check_channels, check_file, check_report]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__[len("check_"):])
def test_good(built, check):
    check(built)


def test_kind_of_threads(tool):
    built = Built(next(path for path in GOOD if path.stem == "everything"), tool)
    kinds = [thread.kind for thread in built.image.threads]
    assert kinds == [KIND_PD] * 4 + [KIND_VCPU] * 2
