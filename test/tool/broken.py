# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Broken system descriptions: each is a whole description with one change, and has the messages that the tool must
# answer with. cases() yields (name, description, messages).
#
# A message belongs to the line on which the change begins. Where it belongs to another, it starts with that line's
# number and a colon; with "*", it belongs to the file as a whole.

import re

WHOLE = """\
<system>
    <memory_region name="ram" size="0x4000" />
    <protection_domain name="one">
        <program_image path="pd.elf" />
        <map mr="ram" vaddr="0x1000000" />
        <irq irq="40" id="1" />
        <setvar symbol="word" region_paddr="ram" />
        <protection_domain name="child" id="2"><program_image path="pd.elf" /></protection_domain>
        <virtual_machine name="vm">
            <vcpu id="0" />
            <map mr="ram" vaddr="0x1000" />
        </virtual_machine>
    </protection_domain>
    <protection_domain name="two" priority="5">
        <program_image path="pd.elf" />
    </protection_domain>
    <channel>
        <end pd="one" id="3" />
        <end pd="two" id="4" />
    </channel>
</system>
"""

# A protection domain, and a memory region that nothing maps.
SMALL = """\
<system>
    <memory_region name="ram" size="0x4000" />
    <protection_domain name="one">
        <program_image path="pd.elf" />
    </protection_domain>
</system>
"""

PROGRAM = '<program_image path="pd.elf" />'

# The elements of WHOLE, by the beginning of their tag.
REGION = '<memory_region name="ram"'
PD = '<protection_domain name="one"'
CHILD = '<protection_domain name="child"'
MAP = '<map mr="ram" vaddr="0x1000000"'
GUEST_MAP = '<map mr="ram" vaddr="0x1000"'
IRQ = '<irq irq="40"'
SETVAR = '<setvar symbol="word"'
VM = '<virtual_machine name="vm"'
VCPU = '<vcpu id="0"'
END = '<end pd="one"'
OTHER_END = '<end pd="two"'
CHANNEL = "<channel"
SYSTEM = "<system"

NUMBER = "must be a number below 2^64, decimal or hexadecimal with 0x; underscores are allowed"
BOOL = 'must be "true" or "false"'
DECIMAL = "must be a decimal number, of digits only"
PERMS = 'must have an "r": without it, seL4 gives no access at all'
US = "must be 1 to 1000000000000000"
STACK = "must be a multiple of 0x1000 from 0x1000 to 0x1000000"
INTID = "must be 30 (the physical timer) or 32 to 1019"
LONG_NAME = "n" * 64

# A wrong value: the element, the attribute that is set, what the message says behind 'ATTRIBUTE="VALUE" of ELEMENT: '.
VALUES = [
    (PD, 'budget="0"', US),
    (PD, 'period="0xffff_ffff_ffff_ffff"', US),
    (PD, 'cpu="8"', "must be 0 to 7"),
    (PD, 'fpu="1"', BOOL),
    (PD, 'passive="True"', BOOL),
    (PD, 'smc="yes"', BOOL),
    (PD, 'priority="255"', "must be 0 to 254"),
    (PD, 'priority=""', NUMBER),
    (PD, 'priority="-1"', NUMBER),
    (PD, 'priority=" 1"', NUMBER),
    (PD, 'priority="_"', NUMBER),
    (PD, 'priority="high"', NUMBER),
    (PD, 'stack_size="0X2000"', NUMBER),
    (PD, 'stack_size="0"', STACK),
    (PD, 'stack_size="0x1800"', STACK),
    (PD, 'stack_size="0x1001000"', STACK),
    (CHILD, 'name="monitor"', "is reserved for Microkit's monitor: must be another"),
    (CHILD, 'id="62"', "must be 0 to 61"),
    (CHILD, 'id="-2"', NUMBER),
    (PROGRAM[:-3], 'path=""', "must not be empty"),
    (MAP, 'cached="no"', BOOL),
    (MAP, 'perms=""', PERMS),
    (MAP, 'perms="w"', PERMS),
    (MAP, 'perms="wx"', PERMS),
    (MAP, 'perms="x"', PERMS),
    (MAP, 'perms="rwc"', 'must be of the letters "r", "w" and "x"'),
    (MAP, 'mr="rom"', "there is no memory_region of that name"),
    (MAP, 'setvar_prefill_size="word"', "the memory_region has no prefill_path"),
    (IRQ, 'irq="27"', INTID),
    (IRQ, 'irq="1020"', INTID),
    (IRQ, 'irq="0x28"', DECIMAL),
    (IRQ, 'irq="4_0"', DECIMAL),
    (IRQ, 'id="62"', "must be 0 to 61"),
    (IRQ, 'id="0x1"', DECIMAL),
    (IRQ, 'id="1_0"', DECIMAL),
    (IRQ, 'trigger="rising"', 'must be "level" or "edge"'),
    (IRQ, 'setvar_id=""', "must not be empty"),
    (SETVAR, 'region_paddr="rom"', "there is no memory_region of that name"),
    (VM, 'priority="256"', "must be 0 to 254"),
    (VCPU, 'id="62"', "must be 0 to 61"),
    (VCPU, 'id="0x0"', DECIMAL),
    (END, 'id="-1"', DECIMAL),
    (END, 'id="0x3"', DECIMAL),
    (END, 'id=""', DECIMAL),
    (END, 'id="62"', "must be 0 to 61"),
    (END, 'notify=""', BOOL),
    (END, 'pp="maybe"', BOOL),
    (OTHER_END, 'pd="three"', "there is no protection_domain of that name"),
    (OTHER_END, 'pd="vm"', "there is no protection_domain of that name"),
    (REGION, 'size="10ab"', NUMBER),
    (REGION, 'size="0x"', NUMBER),
    (REGION, 'size="0x1_0000_0000_0000_0000"', NUMBER),
    (REGION, 'page_size="0x10000"', "must be 0x1000 or 0x200000"),
    (REGION, 'page_size="0"', "must be 0x1000 or 0x200000"),
    (REGION, 'prefill_path=""', "must not be empty"),
    (REGION, 'prefill_path="empty.bin"', "the file is empty"),
]

X86 = "it is for x86-64 only"
NO_DOMAINS = "this kernel has no domain schedule"
NO_PROGRAM = "a virtual machine has no program with symbols to patch"

# Other messages about one attribute that is set.
ATTRIBUTES = [
    (PD, 'period="999"', 'budget 1000 of protection_domain "one" is greater than its period 999: it must be at most '
                         'the period'),
    (PD, 'budget="1001" period="1000"', 'budget 1001 of protection_domain "one" is greater than its period 1000: it '
                                        'must be at most the period'),
    (VM, 'budget="20" period="10"', 'budget 20 of virtual_machine "vm" is greater than its period 10: it must be at '
                                    'most the period'),
    (CHILD, 'cpu="2"', 'cpu 2 of protection_domain: board "test_board" has 2 cores, numbered from 0'),
    (VCPU, 'cpu="3"', 'cpu 3 of vcpu: board "test_board" has 2 cores, numbered from 0'),
    (PD, 'domain="a"', f'attribute "domain" of protection_domain is not supported here: {NO_DOMAINS}'),
    (PD, 'pp="true"', 'attribute "pp" of protection_domain is not supported here: since Microkit 2.0, the end of a '
                      'channel that calls has it'),
    (PD, 'id="3"', 'attribute "id" of protection_domain is not supported here: only a protection_domain inside another '
                   'one has an id, which its parent knows it by'),
    (PD, 'setvar_id="byte"', 'attribute "setvar_id" of protection_domain is not supported here: only a '
                             'protection_domain inside another one has an id'),
    (REGION, 'prefill_bootinfo="x86_vbe"',
     'attribute "prefill_bootinfo" of memory_region is not supported here: this kernel has no boot information to fill '
     'it with'),
    (IRQ, 'pcidev="0:1.0"', f'attribute "pcidev" of irq is not supported here: {X86}'),
    (GUEST_MAP, 'setvar_vaddr="word"', f'attribute "setvar_vaddr" of map is not supported here: {NO_PROGRAM}'),
    (SYSTEM, 'version="1"', 'unknown attribute "version" of system; its attributes: none'),
    (CHANNEL, 'name="c"', 'unknown attribute "name" of channel; its attributes: none'),
    (END, 'ppc="true"', 'unknown attribute "ppc" of end; its attributes: pd, id, pp, notify, setvar_id'),
    (IRQ, 'edge="true"', 'unknown attribute "edge" of irq; its attributes: irq, id, trigger, setvar_id'),
    (MAP, 'perm="r"', 'unknown attribute "perm" of map; its attributes: mr, vaddr, perms, cached, setvar_vaddr, '
                      'setvar_size, setvar_prefill_size'),
    (REGION, 'paddr="0x1000"', 'unknown attribute "paddr" of memory_region; its attributes: name, size, page_size, '
                               'phys_addr, prefill_path'),
    (PROGRAM[:-3], 'entry="3"', 'unknown attribute "entry" of program_image; its attributes: path, path_for_symbols'),
    (PD, 'prio="3"', 'unknown attribute "prio" of protection_domain; its attributes: name, priority, budget, period, '
                     'passive, stack_size, cpu, smc, fpu'),
    (SETVAR, 'value="1"', 'unknown attribute "value" of setvar; its attributes: symbol, region_paddr'),
    (VCPU, 'name="x"', 'unknown attribute "name" of vcpu; its attributes: id, cpu, setvar_id'),
    (VM, 'cpu="0"', 'unknown attribute "cpu" of virtual_machine; its attributes: name, priority, budget, period'),
    (REGION, 'size="0x1800"', 'size 0x1800 of memory_region "ram" must be a multiple of its page size 0x1000, at least '
                              'one page'),
    (REGION, 'prefill_path="folder.elf"', 'no file "folder.elf" in the current folder, "PROGRAMS"; --search-path names '
                                          'more folders'),
    (REGION, 'prefill_path="no.bin"', 'no file "no.bin" in the current folder, "PROGRAMS"; --search-path names more '
                                      'folders'),
    (REGION, 'size="0x1000" prefill_path="prefill.bin"', '"PROGRAMS/prefill.bin" has 0x1400 bytes and does not fit in '
                                                         'memory_region "ram" of 0x1000 bytes'),
    (REGION, 'size="0x1000" phys_addr="0x401ff000"', 'memory_region "ram" at 0x401ff000 (0x1000 bytes) overlaps the '
                                                     'kernel at 0x40000000 (0x200000 bytes) in physical memory'),
    (MAP, 'vaddr="0x1000800"', 'vaddr 0x1000800 of map must be a multiple of 0x1000, the page size of memory_region '
                               '"ram"'),
    (MAP, 'vaddr="0x7fefffd000"', 'map of memory_region "ram" at 0x7fefffd000 (0x4000 bytes) must end at or below '
                                  '0x7ff0000000'),
    (MAP, 'vaddr="0xffff_ffff_ffff_f000"', 'map of memory_region "ram" at 0xfffffffffffff000 (0x4000 bytes) must end '
                                           'at or below 0x7ff0000000'),
    (GUEST_MAP, 'vaddr="0x7fffffd000"', 'map of memory_region "ram" at 0x7fffffd000 (0x4000 bytes) must end at or '
                                        'below 0x8000000000'),
    (MAP, 'vaddr="0x1ff000"', 'in protection_domain "one", map of memory_region "ram" at 0x1ff000..0x202fff overlaps '
                              'program (rx) at 0x200000..0x200fff (line 4)\n'
                              'in protection_domain "one", map of memory_region "ram" at 0x1ff000..0x202fff overlaps '
                              'program (r) at 0x201000..0x202fff (line 4)'),
    (MAP, 'perms="rwx"', 'map of memory_region "ram" is writable and executable, which only a virtual_machine\'s may '
                         'be: perms must be "r", "rw" or "rx"'),
    (END, 'pp="true" pd="two"', '17: both ends of channel are protection_domain "two": must be two different ones'),
    (OTHER_END, 'pp="true"', 'pp="true": protection_domain "two" (priority 5) cannot call "one" (priority 0), which '
                             'must have a higher priority'),
    (IRQ, 'setvar_id="no_such_symbol"', 'program "pd.elf" has no symbol "no_such_symbol": is it spelled right, and not '
                                        'optimised away?'),
    (MAP, 'setvar_vaddr="a" setvar_size="b"', 'program "pd.elf" has no symbol "a": is it spelled right, and not '
                                              'optimised away?\n'
                                              'program "pd.elf" has no symbol "b": is it spelled right, and not '
                                              'optimised away?'),
    (SETVAR, 'symbol="worf"', 'program "pd.elf" has no symbol "worf": is it spelled right, and not optimised away?'),
    (SETVAR, 'symbol="microkit_irqs"', 'symbol "microkit_irqs" is set already, on line 4: must be set once'),
    (MAP, 'setvar_vaddr="word"', '7: symbol "word" is set already, on line 5: must be set once'),
    (MAP, 'setvar_vaddr="array"', 'symbol "array" has 9 bytes: must have 8'),
    (MAP, 'setvar_vaddr="half"', 'symbol "half" has 4 bytes: must have 8'),
]

NO_FILE = 'no file "{}" in the current folder, "PROGRAMS"; --search-path names more folders'
BIG_PAGE = "overlap or share a page: each must begin on a page of its own"

# A wrong program: the path in the program_image of PD "one", what the message says.
PROGRAMS = [
    ("/no/such/program.elf", 'cannot open "{}": No such file or directory'),
    ("no.elf", NO_FILE),
    ("folder.elf", NO_FILE),
    ("alone.elf", 'program "{}" has no symbol "microkit_name": is it linked with libmicrokit?'),
    ("stripped.elf", 'program "{}" has no symbol "microkit_name", having no symbols at all: has it been stripped?'),
    ("empty.elf", 'program "{}": not an ELF file: it does not begin with 0x7f ELF'),
    ("text.elf", 'program "{}": not an ELF file: it does not begin with 0x7f ELF'),
    ("class32.elf", 'program "{}": ELF class 1: must be 2, 64-bit'),
    ("big_endian.elf", 'program "{}": ELF byte order 2: must be 1, little-endian'),
    ("x86.elf", 'program "{}": ELF machine 62: must be 183, AArch64'),
    ("pie.elf", 'program "{}": ELF type 3: must be 2, an executable at fixed addresses (link with -no-pie)'),
    ("cut_in_header.elf", 'program "{}": truncated: 40 bytes, less than an ELF header'),
    ("cut_in_segment.elf", 'program "{}": truncated: segment 0 (offset 0x78, 0x1234 bytes) lies outside the file of '
                           '4779 bytes'),
    ("no_segments.elf", 'program "{}": 0 program headers of 56 bytes: must be 1 to 65534 of 56 bytes'),
    ("nothing_to_load.elf", 'program "{}": entry 0x200000 lies in no executable segment'),
    ("entry_behind.elf", 'program "{}": entry 0x200010 lies in no executable segment'),
    ("entry_in_data.elf", 'program "{}": entry 0x300000 lies in no executable segment'),
    ("high.elf", 'program "{}": segment 1 (address 0x7feffff000, 0x1001 bytes) must end at or below 0x7ff0000000'),
    ("wrapping.elf", 'program "{}": segment 1 (address 0xfffffffffffff000, 0x2000 bytes) must end at or below '
                     '0x7ff0000000'),
    ("huge.elf", 'program "{}": segment at 0x10000000 (0x100000000 bytes) does not fit in RAM: the board has 0x4000000 '
                 'bytes'),
    ("more_in_file.elf", 'program "{}": segment 0 has 0x11 bytes in the file and only 0x10 in memory'),
    ("overlapping.elf", 'program "{}": segments at 0x200000 (0x2000 bytes) and 0x201000 ' + BIG_PAGE),
    ("shared_page.elf", 'program "{}": segments at 0x200000 (0x1234 bytes) and 0x201800 ' + BIG_PAGE),
    ("rwx.elf", 'program "{}": segment 0 at 0x200000 has permissions rwx: must be r, rx or rw'),
    ("wx.elf", 'program "{}": segment 0 at 0x200000 has permissions wx: must be r, rx or rw'),
]

# A required attribute or element that is not there: what is taken away, the message.
MISSING = [
    (' name="ram"', 'memory_region has no attribute "name"'),
    (' size="0x4000"', 'memory_region "ram" has no attribute "size", and no "prefill_path" that gives one'),
    (' name="one"', 'protection_domain has no attribute "name"'),
    (' id="2"', 'protection_domain has no attribute "id"'),
    (' path="pd.elf"', 'program_image has no attribute "path"'),
    (' mr="ram"', 'map has no attribute "mr"'),
    (' vaddr="0x1000000"', 'map has no attribute "vaddr"'),
    (' irq="40"', 'irq has no attribute "irq"'),
    (' id="1"', 'irq has no attribute "id"'),
    (' symbol="word"', 'setvar has no attribute "symbol"'),
    (' region_paddr="ram"', 'setvar has no attribute "region_paddr"'),
    (' name="vm"', 'virtual_machine has no attribute "name"'),
    (' id="0"', 'vcpu has no attribute "id"'),
    (' pd="two"', 'end has no attribute "pd"'),
    (' id="4"', 'end has no attribute "id"'),
    (PROGRAM, '3: protection_domain has 0 elements "program_image": must have at least 1'),
    (VCPU + " />", '9: virtual_machine has 0 elements "vcpu": must have at least 1'),
    (OTHER_END + ' id="4" />', '17: channel has 1 elements "end": must have at least 2'),
]

UNKNOWN_IN_SYSTEM = 'unknown element "{}" in system; its elements: protection_domain, memory_region, channel'

# An element too many: what it is put in front of, the element, the message.
ELEMENTS = [
    (REGION, '<memory_region name="ram" size="0x1000" />', '3: memory_region name "ram" is taken already, on line 2: '
                                                           'must be unique'),
    (REGION, '<protection_domain name="two"><program_image path="pd.elf" /></protection_domain>',
     '15: protection_domain name "two" is taken already, on line 2: must be unique'),
    (IRQ, '<protection_domain name="one" id="1"><program_image path="pd.elf" /></protection_domain>',
     'protection_domain name "one" is taken already, on line 3: must be unique'),
    (CHILD, '<protection_domain name="nephew" id="2"><program_image path="pd.elf" /></protection_domain>',
     '9: in protection_domain "one", child id 2 is taken already, on line 8: must be unique'),
    (VCPU, '<vcpu id="2" />', 'in protection_domain "one", child id 2 is taken already, on line 8: must be unique'),
    (VCPU, '<vcpu id="0" />',
     '11: in protection_domain "one", child id 0 is taken already, on line 10: must be unique'),
    (IRQ, '<irq irq="41" id="1" />', '7: in protection_domain "one", channel id 1 is taken already, on line 6: must be '
                                     'unique'),
    (IRQ, '<irq irq="41" id="3" />', '19: in protection_domain "one", channel id 3 is taken already, on line 6: must '
                                     'be unique'),
    (CHANNEL, '<channel><end pd="one" id="3" /><end pd="child" id="0" /></channel>',
     '19: in protection_domain "one", channel id 3 is taken already, on line 17: must be unique'),
    (IRQ, '<irq irq="40" id="2" />', '7: irq 40 is taken already, on line 6: must be unique'),
    (END, '<end pd="child" id="2" />', '20: one element "end" too many in channel: must have at most 2'),
    (IRQ, PROGRAM, 'one element "program_image" too many in protection_domain: must have at most 1'),
    (VM, '<virtual_machine name="wm"><vcpu id="3" /></virtual_machine>',
     '10: one element "virtual_machine" too many in protection_domain: must have at most 1'),
    (MAP, '<map mr="ram" vaddr="0x1003000" />',
     '6: in protection_domain "one", map of memory_region "ram" at 0x1000000..0x1003fff overlaps map of memory_region '
     '"ram" at 0x1003000..0x1006fff (line 5)'),
    (GUEST_MAP, '<map mr="ram" vaddr="0" />',
     '12: in virtual_machine "vm", map of memory_region "ram" at 0x1000..0x4fff overlaps map of memory_region "ram" at '
     '0x0..0x3fff (line 11)'),
    (IRQ, '<cspace />', 'element "cspace" in protection_domain is not supported: this kernel\'s PDs have no capability '
                        'spaces to add to'),
    (IRQ, '<ioport id="1" addr="0x60" size="4" />', f'element "ioport" in protection_domain is not supported: {X86}'),
    (IRQ, '<irq id="1" pin="4" vector="3" />', f'attribute "pin" of irq is not supported here: {X86}\n'
                                               f'attribute "vector" of irq is not supported here: {X86}\n'
                                               'irq has no attribute "irq"'),
    (PD, "<domains />", f'element "domains" in system is not supported: {NO_DOMAINS}'),
    (PD, '<io_address_space name="a" />', f'element "io_address_space" in system is not supported: {X86}'),
    (PD, '<virtual_machine name="vm"><vcpu id="0" /></virtual_machine>',
     'element "virtual_machine" in system is not supported: it belongs inside the protection_domain that is its VMM'),
    (IRQ, "<vaddr />", 'unknown element "vaddr" in protection_domain; its elements: program_image, map, irq, setvar, '
                       'protection_domain, virtual_machine'),
    (PD, '<memory_regions name="a" size="0x1000" />', UNKNOWN_IN_SYSTEM.format("memory_regions")),
    (VCPU, '<irq irq="40" id="1" />', 'unknown element "irq" in virtual_machine; its elements: vcpu, map'),
    (END, "<start />", 'unknown element "start" in channel; its elements: end'),
]


def pd(name, inside=""):
    return f'<protection_domain name="{name}">{PROGRAM}{inside}</protection_domain>\n'


def system(*lines):
    return "<system>\n" + "".join(lines) + "</system>\n"


def region(text):
    """SMALL with another memory_region."""
    return SMALL.replace('<memory_region name="ram" size="0x4000" />', f"<memory_region {text} />")


LARGE = WHOLE.replace(REGION, '<memory_region name="large" size="0x200000" />\n    ' + REGION)
LARGE_MAP = '<map mr="large" vaddr="0x1000000" />'
DEVICE = 'size="0x20_0000_0000" page_size="0x1000" phys_addr="0x100_0000_0000"'
VCPUS = "".join(f'<vcpu id="{i}" />' for i in range(42))

# Descriptions that differ in more than one place, and what is no description at all: name, description, messages.
DOCUMENTS = [
    ("no_protection_domain", system('<memory_region name="ram" size="0x4000" />\n'),
     '1: system has 0 elements "protection_domain": must have at least 1'),
    ("root_wrong", "<systems>\n</systems>\n", '1: root element "systems": must be "system"'),
    ("name_empty", SMALL.replace('"one"', '""'), '3: name="" of protection_domain: must have 1 to 63 characters'),
    ("name_too_long", SMALL.replace('"one"', f'"{LONG_NAME}"'),
     f'3: name="{LONG_NAME}" of protection_domain: must have 1 to 63 characters'),
    ("name_reserved", SMALL.replace('"one"', '"monitor"'),
     '3: name="monitor" of protection_domain: is reserved for Microkit\'s monitor: must be another'),
    ("name_with_control_character", SMALL.replace('"one"', '"a&#10;b"'),
     "3: name of protection_domain has a control character (0x0a) in it"),
    ("name_twice_virtual_machine", WHOLE.replace('priority="5">', 'priority="5">' + '<virtual_machine name="vm">'
                                                 '<vcpu id="0" /></virtual_machine>'),
     '14: virtual_machine name "vm" is taken already, on line 9: must be unique'),
    ("irq_twice_in_two_protection_domains", WHOLE.replace('priority="5">', 'priority="5"><irq irq="40" id="1" />'),
     "14: irq 40 is taken already, on line 6: must be unique"),
    ("pp_to_equal_priority", WHOLE.replace(' priority="5"', "").replace(END, END + ' pp="true"'),
     '18: pp="true": protection_domain "one" (priority 0) cannot call "two" (priority 0), which must have a higher '
     'priority'),
    ("pp_both_ways", WHOLE.replace(END, END + ' pp="true"').replace(OTHER_END, OTHER_END + ' pp="true"'),
     '19: pp="true": protection_domain "two" (priority 5) cannot call "one" (priority 0), which must have a higher '
     'priority'),
    ("program_symbols_missing", SMALL.replace("pd.elf", 'stripped.elf" path_for_symbols="no.elf'),
     "4: " + NO_FILE.format("no.elf")),
    ("symbol_static_twice", WHOLE.replace('path="pd.elf"', 'path="twins.elf"', 1).replace('"word"', '"local_word"'),
     '7: program "twins.elf" has several static symbols "local_word": must be unique'),
    ("map_unaligned_to_large_page", system('<memory_region name="ram" size="0x200000" page_size="0x200000" />\n',
                                           pd("one", '\n<map mr="ram" vaddr="0x1001000" />')),
     '4: vaddr 0x1001000 of map must be a multiple of 0x200000, the page size of memory_region "ram"'),
    ("maps_overlap_inside", LARGE.replace(MAP + " />", '<map mr="ram" vaddr="0x1003000" />\n' + LARGE_MAP),
     '7: in protection_domain "one", map of memory_region "large" at 0x1000000..0x11fffff overlaps map of '
     'memory_region "ram" at 0x1003000..0x1006fff (line 6)'),
    ("maps_overlap_one_of_many", LARGE.replace(MAP + " />", LARGE_MAP + "\n" + "\n".join(
        f'<map mr="ram" vaddr="{vaddr}" />' for vaddr in ("0x1000000", "0x1100000", "0x1200000"))),
     '7: in protection_domain "one", map of memory_region "ram" at 0x1000000..0x1003fff overlaps map of memory_region '
     '"large" at 0x1000000..0x11fffff (line 6)\n'
     '8: in protection_domain "one", map of memory_region "ram" at 0x1100000..0x1103fff overlaps map of memory_region '
     '"large" at 0x1000000..0x11fffff (line 6)'),
    ("phys_addr_too_high", region('name="ram" size="0x2000" phys_addr="0xffff_ffff_f000"'),
     '2: memory_region "ram" at 0xfffffffff000 (0x2000 bytes) must end at or below 0x1000000000000'),
    ("phys_addr_wraps", region('name="ram" size="0x2000" phys_addr="0xffff_ffff_ffff_f000"'),
     '2: memory_region "ram" at 0xfffffffffffff000 (0x2000 bytes) must end at or below 0x1000000000000'),
    ("phys_addr_unaligned", region('name="ram" size="0x1000" phys_addr="0x9000800"'),
     '2: phys_addr 0x9000800 of memory_region "ram" must be a multiple of its page size 0x1000'),
    ("phys_addr_unaligned_to_large_page", region('name="ram" size="0x200000" page_size="0x200_000" '
                                                 'phys_addr="0x41001000"'),
     '2: phys_addr 0x41001000 of memory_region "ram" must be a multiple of its page size 0x200000'),
    ("prefill_outside_ram", region('name="ram" size="0x2000" prefill_path="prefill.bin" phys_addr="0x9000000"'),
     '2: memory_region "ram" at 0x9000000 lies outside RAM: only RAM can be prefilled'),
    ("size_zero", region('name="ram" size="0"'),
     '2: size 0x0 of memory_region "ram" must be a multiple of its page size 0x1000, at least one page'),
    ("size_unaligned_to_large_page", region('name="ram" size="0x201000" page_size="0x200000"'),
     '2: size 0x201000 of memory_region "ram" must be a multiple of its page size 0x200000, at least one page'),
    ("region_larger_than_anything", region('name="ram" size="0xffff_ffff_ffff_f000"'),
     '2: size 0xfffffffffffff000 of memory_region "ram" must be at most 0x1000000000000'),
    ("region_around_ram", region('name="a" size="0x40_000_000" phys_addr="0x20000000"'),
     '2: memory_region "a" at 0x20000000 (0x40000000 bytes) lies partly in RAM: must be wholly inside or outside'),
    ("region_partly_in_ram", region('name="a" size="0x2000" phys_addr="0x43fff000"'),
     '2: memory_region "a" at 0x43fff000 (0x2000 bytes) lies partly in RAM: must be wholly inside or outside'),
    ("region_does_not_fit", region('name="ram" size="0x3_E01_000"'),
     '2: memory_region "ram" (0x3e01000 bytes, aligned to 0x1000) does not fit in RAM: the board has 0x4000000 bytes, '
     '0x3e00000 are free, at most 0x3e00000 in one piece'),
    ("regions_do_not_fit", region('name="a" size="0x3_000_000" /><memory_region name="b" size="0x1_000_000"'),
     '2: memory_region "b" (0x1000000 bytes, aligned to 0x200000) does not fit in RAM: the board has 0x4000000 bytes, '
     '0xe00000 are free, at most 0xe00000 in one piece'),
    ("program_does_not_fit", region('name="ram" size="0x3_E00_000" page_size="0x1000"'),
     '4: program (rx) of protection_domain "one" (0x1000 bytes, aligned to 0x1000) does not fit in RAM: the board has '
     '0x4000000 bytes, 0x0 are free, at most 0x0 in one piece'),
    ("regions_overlap_in_ram", region('name="a" size="0x3000" phys_addr="0x41000000" /><memory_region name="b" '
                                      'size="0x1000" phys_addr="0x41002000"'),
     '2: memory_region "b" at 0x41002000 (0x1000 bytes) overlaps memory_region "a" at 0x41000000 (0x3000 bytes) in '
     'physical memory'),
    ("region_overlaps_kernel_device", region('name="gicd" size="0x1000" phys_addr="0x800f000" />\n'
                                             '<memory_region name="behind" size="0x1000" phys_addr="0x8010000" />\n'
                                             '<memory_region name="around" size="0x20000" phys_addr="0x7ff8000"'),
     '2: memory_region "gicd" at 0x800f000 (0x1000 bytes) overlaps a device that is the kernel\'s alone, at 0x8000000 '
     '(0x10000 bytes)\n'
     '4: memory_region "around" at 0x7ff8000 (0x20000 bytes) overlaps a device that is the kernel\'s alone, at '
     '0x8000000 (0x10000 bytes)'),
    ("regions_overlap_outside_ram", region('name="a" size="0x3000" phys_addr="0x9000000" /><memory_region name="b" '
                                           'size="0x1000" phys_addr="0x9002000"'),
     '2: memory_region "b" at 0x9002000 (0x1000 bytes) overlaps memory_region "a" at 0x9000000 (0x3000 bytes) in '
     'physical memory'),
    ("translation_tables_too_large", system(f'<memory_region name="device" {DEVICE} />\n', pd(
        "one", '\n<map mr="device" vaddr="0x1000000000" cached="false" />')),
     '4: translation tables need more than 0x4000000 bytes: map less, or with page_size="0x200000"'),
    ("several_errors", system('<memory_region name="a" size="0x4000" />\n', '<memory_region name="b" size="12" />\n',
                              f'<protection_domain name="one" cpu="5">{PROGRAM}\n', '<map mr="a" vaddr="0x10" />\n',
                              '<map mr="b" vaddr="0x1000" perms="rwx" />\n', "</protection_domain>\n"),
     '3: size 0xc of memory_region "b" must be a multiple of its page size 0x1000, at least one page\n'
     '5: vaddr 0x10 of map must be a multiple of 0x1000, the page size of memory_region "a"\n'
     '6: map of memory_region "b" is writable and executable, which only a virtual_machine\'s may be: perms must be '
     '"r", "rw" or "rx"\n'
     '4: cpu 5 of protection_domain: board "test_board" has 2 cores, numbered from 0'),
    ("more_errors_than_are_shown", system(pd("one"), *(f'<what number="{i}" />\n' for i in range(30))),
     "".join(f"{3 + i}: {UNKNOWN_IN_SYSTEM.format('what')}\n" for i in range(20)) +
     "*: these are 20 errors, no more are shown"),
    ("too_many_irqs", system(*(pd(f"p{i}", "\n" + "\n".join(
        f'<irq irq="{32 + 50 * i + j}" id="{j}" />' for j in range(50 if i < 5 else 7))) for i in range(6))),
     "264: one irq too many: a system has at most 256"),
    ("too_many_protection_domains", system(*(pd(f"p{i}") for i in range(64))),
     "65: one protection_domain too many: a system has at most 63"),
    ("too_many_threads", system(*(pd(f"p{i}", f'<virtual_machine name="v{i}">{VCPUS}</virtual_machine>')
                                  for i in range(3))),
     "1: 3 protection domains and 126 vCPUs are 129 threads: at most 128"),
    ("xml_empty", "", "1: not well-formed XML: no element found"),
    ("xml_binary", "<system>\n\x01\x02\x00", "2: not well-formed XML: not well-formed (invalid token)"),
    ("xml_bad_entity", system('<memory_region name="&what;" size="0x1000" />\n'),
     "2: not well-formed XML: undefined entity"),
    ("xml_text", system("some text\n"),
     '2: text "some text" in element "system": only elements and comments belong there'),
    ("xml_unbound_prefix", "<x:system />\n", "1: not well-formed XML: unbound prefix"),
    ("attribute_in_namespace", SMALL.replace("<system>", '<system xmlns:x="y">').replace("path=", "x:path="),
     '4: unknown attribute "y:path" of program_image; its attributes: path, path_for_symbols\n'
     '4: program_image has no attribute "path"'),
    ("xml_cdata", system("<![CDATA[some text that is rather long]]>\n"),
     '2: text "some text that is ra" in element "system": only elements and comments belong there'),
    ("xml_doctype", '<!DOCTYPE system [<!ENTITY x "y">]>\n' + SMALL,
     '1: document type "system": a system description has none'),
    ("xml_duplicate_attribute", system('<memory_region name="a" name="b" size="0x1000" />\n'),
     "2: not well-formed XML: duplicate attribute"),
    ("xml_not_closed_at_all", "<system>\n", "2: not well-formed XML: no element found"),
    ("xml_unclosed", "<system>\n<protection_domain>\n</system>\n", "3: not well-formed XML: mismatched tag"),
    ("xml_two_roots", "<system></system>\n<system></system>\n",
     "2: not well-formed XML: junk after document element"),
    ("xml_too_deep", "<system>\n" + '<protection_domain name="one">\n' * 80,
     '73: element "protection_domain" is nested deeper than 72 elements'),
]


def with_attributes(element, attributes):
    """WHOLE with attributes set in an element: in place of those of the same name, or behind all."""
    start = WHOLE.index(element)
    end = re.compile(r"\s*/?>").search(WHOLE, start).start()
    tag = WHOLE[start:end]
    for attribute in re.findall(r'\w+="[^"]*"', attributes):
        old = re.search(rf' {attribute.split("=")[0]}="[^"]*"', tag)
        tag = tag.replace(old[0], " " + attribute) if old else f"{tag} {attribute}"
    return WHOLE[:start] + tag + WHOLE[end:]


def changed(old, new):
    """WHOLE with the first `old` replaced."""
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


def first_difference(text):
    """The line on which text begins to differ from WHOLE."""
    same = next((i for i, (a, b) in enumerate(zip(text, WHOLE)) if a != b), min(len(text), len(WHOLE)))
    return text[:same].count("\n") + 1


def rows():
    for element, attribute, right in VALUES:
        yield attribute, with_attributes(element, attribute), f"{attribute} of {element[1:].split()[0]}: {right}"
    for element, attributes, text in ATTRIBUTES:
        yield attributes, with_attributes(element, attributes), text
    for path, text in PROGRAMS:
        yield path, changed("pd.elf", path), text.format(path)
    for gone, text in MISSING:
        yield f"no {gone.strip()}", changed(gone, ""), text
    for before, element, text in ELEMENTS:
        yield element, changed(before, f"{element}\n{before}"), text
    yield from DOCUMENTS


def cases():
    for name, text, lines in rows():
        messages = ""
        for line in lines.splitlines():
            place = re.match(r"(\d+|\*): ", line)
            number = place[1] if place else first_difference(text)
            messages += f"FILE: {line[place.end():]}\n" if number == "*" else (
                f"FILE:{number}: {line[place.end():] if place else line}\n")
        yield name, text, messages
