# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What configure checks of a description besides what it needs to know: mistakes that would otherwise be found when the
# system runs, or never. Each check raises a Problem of the System's with the line and the value.

import re

MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")

# Of processing instructions: attributes that must be there, attributes that may, and whether it is said once of a PD.
INSTRUCTIONS = {
    "allow": (("from", "to"), (), False),
    "console": (("style",), (), True),
    "guest": (("pd", "gic"), ("gicv", "transport", "console", "device_tree"), True),
    "mac": (("pd", "is"), (), True),
    "uart": (("pd", "clock", "baud"), (), True),
}
# Values that are numbers: the least and the most.
NUMBERS = {"clock": (1, 0xFFFFFFFF), "baud": (50, 10000000)}
VALUES = {
    "style": ("colour", "prefix", "plain"),
    "gic": ("2", "3"),
    "transport": ("mmio", "pci"),
    "console": ("virtio", "pl011"),
    "device_tree": ("end", "start"),
}

# Variables of programs that the description must set, and by which attribute; by the section that a program has.
DEVICE = {"device_base": "setvar_vaddr", "dma_base": "setvar_vaddr", "dma_bytes": "setvar_size",
          "irq_channel": "setvar_id"}
VARIABLES = {
    ".serial_driver_config": {"uart_base": "setvar_vaddr", "irq_channel": "setvar_id"},
    ".console_driver_config": DEVICE,
    ".blk_driver_config": DEVICE,
    ".net_driver_config": DEVICE,
    ".entropy_driver_config": DEVICE,
    ".vmm_config": {"guest_kernel_vaddr": "setvar_vaddr", "guest_kernel_bytes": "setvar_prefill_size"},
}
# Bytes of the DMA region.
DMA_BYTES = {".blk_driver_config": 0x3000, ".net_driver_config": 0x5000, ".entropy_driver_config": 0x1000,
             ".console_driver_config": 0x1000}
# Of the ready-made VMM: what is there as a whole or not at all.
IMAGES = ("guest_initrd", "guest_bootargs")

VCPUS_MAX = 8
# What the ready-made VMM's guest sees: where, and how many bytes. Redistributors: a vCPU.
GIC_DISTRIBUTOR = ("distributor", 0x8000000, 0x10000)
GIC_REDISTRIBUTORS = ("redistributors", 0x80a0000, 0x20000)
PLACES = {
    "mmio": (("virtio devices", 0xa000000, 0x1000),),
    "pci": (("GICv2m frame", 0x8020000, 0x1000), ("PCI configuration space", 0x10000000, 0x100000),
            ("PCI window", 0x11000000, 0x1000000)),
    "virtio": (),
    "pl011": (("PL011", 0x9000000, 0x1000),),
}


def instructions(system):
    """Processing instructions say what there is to say, of PDs that there are, and once."""
    said = {}
    for kind, attributes, line in system.instructions:
        if kind not in INSTRUCTIONS:
            raise system.problem(line, f"<?libvmm {kind}?>: must be one of {', '.join(INSTRUCTIONS)}")
        needed, possible, is_once = INSTRUCTIONS[kind]
        if not set(needed) <= set(attributes) <= set(needed + possible):
            raise system.problem(line, f"<?libvmm {kind}?> takes {', '.join(needed + possible)}")
        for name, value in attributes.items():
            value_of_instruction(system, name, value, line)
        what = (kind, attributes.get("pd"))
        if is_once and what in said:
            raise system.problem(line, f"<?libvmm {kind}?> is there already, in line {said[what]}")
        said[what] = line
        meaning(system, kind, attributes, line)


def value_of_instruction(system, name, value, line):
    if name in ("pd", "from", "to") and value not in system.pds:
        raise system.problem(line, f'"{value}": there is no such protection_domain')
    if name in VALUES and value not in VALUES[name]:
        raise system.problem(line, f'{name}="{value}": must be one of {", ".join(VALUES[name])}')
    if name in NUMBERS:
        least, most = NUMBERS[name]
        if not value.isdecimal() or not least <= int(value) <= most:
            raise system.problem(line, f'{name}="{value}": must be a number from {least} to {most}')
    if name == "is" and (not MAC.fullmatch(value) or int(value[:2], 16) & 1 or not int(value.replace(":", ""), 16)):
        raise system.problem(line, f'is="{value}": must be a MAC address, and neither a multicast one nor zero')


def meaning(system, kind, attributes, line):
    if kind == "guest" and system.pds[attributes["pd"]].vm is None:
        raise system.problem(line, f'protection_domain "{attributes["pd"]}" has no virtual_machine')
    if kind == "guest":
        interrupt_controller(system, attributes, line)
    if kind == "uart" and not any(name.startswith("serial_") and name.endswith("_tx_queue") and
                                  name != f"serial_{attributes['pd']}_tx_queue"
                                  for name in system.pds[attributes["pd"]].maps):
        raise system.problem(line, f'protection_domain "{attributes["pd"]}" is the driver of no serial connection')
    if kind in ("allow", "mac"):
        for name in {"allow": ("from", "to"), "mac": ("pd",)}[kind]:
            if f"net_{attributes[name]}_rx_free" not in system.regions:
                raise system.problem(line, f'{name}="{attributes[name]}" is the client of no net connection')
    if kind == "allow" and attributes["from"] == attributes["to"]:
        raise system.problem(line, f'"{attributes["from"]}" needs no permission to talk to itself')


def interrupt_controller(system, attributes, line):
    """A GICv2 has its virtual CPU interface in the guest; of a GICv3, nothing is mapped."""
    name = attributes.get("gicv")
    if attributes["gic"] == "3":
        if name is not None:
            raise system.problem(line, f'gicv="{name}" is of a GICv2: a GICv3 has no such region')
        return
    if name is None:
        raise system.problem(line, 'gic="2" needs gicv="REGION", the memory_region of the virtual CPU interface (GICV)')
    if name not in system.pds[attributes["pd"]].vm.maps:
        raise system.problem(line, f'gicv="{name}": the virtual_machine of "{attributes["pd"]}" maps no such '
                                   "memory_region")
    if name not in system.paddrs:
        raise system.problem(line, f'gicv="{name}": the memory_region has no phys_addr')


def has_symbol(program, symbol):
    """Whether a program has a variable of this name: whether the name is in one of its tables."""
    return b"\0" + symbol.encode() + b"\0" in program


def variables(system, pd, program, sections):
    """A program's variables are set: those of ours that it has."""
    for section in sections:
        for symbol, attribute in VARIABLES.get(section, {}).items():
            got = pd.symbols.get(symbol, (None,))[0]
            if has_symbol(program, symbol) and got != attribute:
                raise system.problem(pd.line, f'protection_domain "{pd.name}" must set "{symbol}" by {attribute}' +
                                              (f", not {got}" if got else ""))
        if section in DMA_BYTES and has_symbol(program, "dma_paddr"):
            dma(system, pd, DMA_BYTES[section])
        if section == ".vmm_config":
            images(system, pd)


def dma(system, pd, bytes_min):
    """Address, size and physical address are those of one region."""
    _, region, line = pd.symbols["dma_base"]
    if pd.symbols["dma_bytes"][1] != region:
        raise system.problem(line, f'"dma_base" and "dma_bytes" must be of one memory_region, not "{region}" and '
                                   f'"{pd.symbols["dma_bytes"][1]}"')
    system.check_setvar(pd, "dma_paddr", region)
    size, line = system.regions.get(region, (0, line))
    if size < bytes_min:
        raise system.problem(line, f'memory_region "{region}" has {size:#x} bytes: must be {bytes_min:#x}')


def images(system, pd):
    for image in IMAGES:
        found = [symbol for symbol in (f"{image}_vaddr", f"{image}_bytes") if symbol in pd.symbols]
        if len(found) == 1:
            raise system.problem(pd.symbols[found[0]][2],
                                 f'"{image}_vaddr" (setvar_vaddr) and "{image}_bytes" (setvar_prefill_size) go '
                                 f'together: only "{found[0]}" is set')


def guest(system, vm, transport, console, has_gicv2):
    """The virtual machine is one that the ready-made VMM can have, and its maps leave the VMM's devices free."""
    count = len(vm.vcpus)
    if not 1 <= count <= VCPUS_MAX or sorted(vm.vcpus) != list(range(count)):
        raise system.problem(vm.line, f"vCPUs {', '.join(map(str, vm.vcpus)) or 'none'}: must be 1 to {VCPUS_MAX}, "
                                      "numbered from 0")
    name, base, size = GIC_REDISTRIBUTORS
    places = [GIC_DISTRIBUTOR, *PLACES[transport], *PLACES[console]]
    places += [] if has_gicv2 else [(name, base, size * count)]
    for region, vaddr in vm.maps.items():
        end = vaddr + system.regions.get(region, (0, 0))[0]
        for name, base, size in places:
            if vaddr < base + size and base < end:
                raise system.problem(vm.lines[region], f'map of memory_region "{region}" at {vaddr:#x}..{end - 1:#x}: '
                                                       f"the VMM has its {name} at {base:#x}..{base + size - 1:#x}")
