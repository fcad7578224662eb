# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""tools/sddf/configure: what it puts into sections, and what it says of descriptions that do not fit."""

import os
import pathlib
import struct
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
CONFIGURE = ROOT / "tools" / "sddf" / "configure"
DRIVERS = ROOT / "test" / "system" / "drivers" / "drivers.system"
SWITCH = ROOT / "test" / "system" / "drivers" / "switch" / "switch.system"
VIRTIO = ROOT / "examples" / "virtio" / "virtio_gicv2.system"
VMM = BUILD / "vmm" / "vmm.elf"
CLIENT = BUILD / "test" / "drivers" / "parts" / "client.elf"


def run(system, folder, *programs):
    return subprocess.run([sys.executable, CONFIGURE, system, "-o", folder, *programs], capture_output=True, text=True,
                          timeout=60, check=False)


def section(path, name):
    """The content of a section."""
    data = path.read_bytes()
    table, = struct.unpack_from("<Q", data, 0x28)
    _, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, table + 64 * i) for i in range(count)]
    for header in headers:
        start = headers[names][4] + header[0]
        if data[start:data.index(b"\0", start)] == name.encode():
            return data[header[4]:header[4] + header[5]]
    raise AssertionError(f"no section {name}")


@pytest.fixture
def configured(tmp_path):
    def configure(system, pd, program, name):
        result = run(system, tmp_path, f"{pd}={program}")
        assert (result.returncode, result.stderr) == (0, "")
        return section(tmp_path / f"{pd}.elf", name)

    return configure


def test_serial_client(configured):
    got = configured(DRIVERS, "bob", CLIENT, ".serial_client_config")
    rx = struct.pack("<QQQQB7x", 0x10000000, 0x1000, 0x10001000, 0x1000, 1)
    tx = struct.pack("<QQQQB7x", 0x10002000, 0x1000, 0x10003000, 0x1000, 1)
    assert got == b"sDDF\3\0\0\0" + rx + tx


def test_blk_client(configured):
    got = configured(DRIVERS, "alice", CLIENT, ".blk_client_config")
    assert got == b"sDDF\2\0\0\0" + struct.pack("<QQQQQQHB5xQQ", 0x20000000, 0x1000, 0x20010000, 0x2000, 0x20020000,
                                               0x1000, 128, 2, 0x20100000, 0x40000)


def test_net_client_and_its_addresses(configured, tmp_path):
    got = configured(DRIVERS, "bob", CLIENT, ".net_client_config")
    way = "<QQQQHB5xQQ"
    assert got == (b"sDDF\5\0\0\0" +
                   struct.pack(way, 0x30000000, 0x1000, 0x30100000, 0x1000, 128, 3, 0x30200000, 0x40000) +
                   struct.pack(way, 0x30300000, 0x1000, 0x30400000, 0x1000, 128, 3, 0x30500000, 0x40000) +
                   bytes.fromhex("026c766d6d02") + bytes(2))
    system = tmp_path / "with_mac.system"
    mac = '<?libvmm mac pd="bob" is="02:11:22:33:44:55"?>'
    system.write_text(DRIVERS.read_text().replace("<system>", mac + "\n<system>"))
    assert configured(system, "bob", CLIENT, ".net_client_config")[120:126] == bytes.fromhex("021122334455")


def test_timer_client(configured):
    assert configured(DRIVERS, "alice", CLIENT, ".timer_client_config") == b"sDDF\6\4"


def test_serial_driver_and_virtualiser(configured):
    driver = configured(DRIVERS, "uart", BUILD / "drivers" / "pl011.elf", ".serial_driver_config")
    assert driver[:8] == b"sDDF\3\0\0\0" and driver[40] == 1
    assert struct.unpack_from("<QB", driver, 88) == (115200, 1)
    virt = configured(DRIVERS, "serial_virt", BUILD / "drivers" / "serial_virt.elf", ".serial_virt_config")
    assert virt[:7] == b"LVMM\1\3\0"
    assert [virt[88 + 96 * i:104 + 96 * i].rstrip(b"\0") for i in range(4)] == [b"alice", b"bob", b"mallory", b""]
    assert [virt[104 + 96 * i + 32] for i in range(3)] == [1, 2, 3]


def test_blk_virtualiser(configured):
    virt = configured(DRIVERS, "blk_virt", BUILD / "drivers" / "blk_virt.elf", ".blk_virt_config")
    assert virt[:6] == b"LVMM\1\3"
    assert struct.unpack_from("<HB", virt, 56) == (128, 0)
    assert [struct.unpack_from("<B5xQ", virt, 80 + 64 * i + 50) for i in range(3)] == [(n, 0x40000) for n in (1, 2, 3)]


def test_speed_of_a_line(configured, tmp_path):
    uart = BUILD / "drivers" / "pl011.elf"
    assert configured(DRIVERS, "uart", uart, ".uart_config") == b"LVMM\1" + bytes(11)
    said = changed(tmp_path, DRIVERS, ("<system>", '<?libvmm uart pd="uart" clock="48000000" baud="9600"?><system>'))
    got = configured(said, "uart", uart, ".uart_config")
    assert got == b"LVMM\1\0\0\0" + struct.pack("<II", 48000000, 9600)


def test_access_list(configured):
    virt = configured(SWITCH, "switch", BUILD / "drivers" / "net_virt.elf", ".net_virt_config")
    assert virt[:7] == b"LVMM\1\3\0"
    assert [struct.unpack_from("<H", virt, 112 + 120 * i + 118)[0] for i in range(3)] == [0b110, 0b001, 0]
    everybody = configured(DRIVERS, "net_virt", BUILD / "drivers" / "net_virt.elf", ".net_virt_config")
    masks = [struct.unpack_from("<H", everybody, 112 + 120 * i + 118)[0] for i in range(3)]
    assert masks == [0b1110, 0b1101, 0b1011] and struct.unpack_from("<Q", everybody, 104) == (0b111,)


NET_VIRT = BUILD / "drivers" / "net_virt.elf"


VIRT_RX_DATA = {"alice": "0x31200000", "mallory": "0x33200000"}


def sharing(tmp_path, *changes, names=("alice",)):
    """drivers.system, where some clients read what they receive in the driver's region."""
    for name in names:
        own = f'<memory_region name="net_{name}_rx_data" size="0x40_000" page_size="0x1_000" />'
        changes = ((own, ""), (f'<map mr="net_{name}_rx_data" vaddr="{VIRT_RX_DATA[name]}" />', ""),
                   (f'<map mr="net_{name}_rx_data" vaddr="0x30200000" />',
                    '<map mr="net_net_virt_rx_data" vaddr="0x30200000" perms="r" />'), *changes)
    return changed(tmp_path, DRIVERS, *changes)


def test_a_net_client_may_share_the_drivers_region(configured, tmp_path):
    system = sharing(tmp_path)
    assert struct.unpack_from("<QQ", configured(system, "alice", CLIENT, ".net_client_config"), 48) == (0x30200000,
                                                                                                      0x40000)
    virt = configured(system, "net_virt", NET_VIRT, ".net_virt_config")
    drivers = struct.unpack_from("<QQ", virt, 48)
    assert [struct.unpack_from("<QQ", virt, 112 + 120 * i + 40) for i in range(2)] == [drivers, (0x32200000, 0x40000)]


@pytest.mark.parametrize("old, new, message", [
    ('vaddr="0x30200000" perms="r"', 'vaddr="0x30200000"',
     'memory_region "net_net_virt_rx_data": "alice" must map it with perms="r"'),
    ("<system>", '<system>\n<memory_region name="net_alice_rx_data" size="0x40_000" />',
     '"alice" maps "net_net_virt_rx_data": it needs no "net_alice_rx_data"'),
], ids=["writable", "two-regions"])
def test_what_does_not_fit_a_shared_region(tmp_path, old, new, message):
    result = run(sharing(tmp_path, (old, new)), tmp_path, f"net_virt={NET_VIRT}")
    assert result.returncode == 1 and message in result.stderr


@pytest.mark.parametrize("allowed, message", [
    ("", None),
    ("net_virt-alice net_virt-mallory bob-net_virt", None),
    ("net_virt-alice net_virt-mallory bob-alice bob-mallory alice-mallory", None),
    ("net_virt-alice", '"mallory" maps it, and could read frames of "net_virt" that may not reach it'),
    ("bob-net_virt", '"alice" maps it, and could read frames of "net_virt" that may not reach it'),
    ("net_virt-alice net_virt-mallory bob-alice", '"mallory" maps it, and could read frames of "bob" that may not'),
    ("net_virt-alice net_virt-mallory bob-mallory", '"alice" maps it, and could read frames of "bob" that may not'),
])
def test_who_shares_a_region_may_read_the_same(tmp_path, allowed, message):
    rules = "".join('<?libvmm allow from="{}" to="{}"?>'.format(*rule.split("-")) for rule in allowed.split())
    system = sharing(tmp_path, ("<system>", f"<system>{rules}"), names=("alice", "mallory"))
    result = run(system, tmp_path, f"net_virt={NET_VIRT}")
    assert result.returncode == (message is not None)
    assert (message or "") in result.stderr


def test_entropy_client_and_driver(configured):
    got = configured(VIRTIO, "vmm", VMM, ".entropy_client_config")
    assert got == b"LVMM\1\0\0\0" + struct.pack("<QQQQB7x", 0x38000000, 0x1000, 0x38100000, 0x1000, 4)
    driver = configured(VIRTIO, "rng", BUILD / "drivers" / "virtio_rng.elf", ".entropy_driver_config")
    ring = struct.pack("<QQQQB7x", 0x10000000, 0x1000, 0x10100000, 0x1000, 1)
    assert driver == b"LVMM\1\1\0\0" + ring + bytes(7 * 40)


# What is changed in drivers.system, the PD that is configured, and the message, where FILE:LINE goes before it.
ALICE = f"alice={CLIENT}"
BLK_VIRT = f"blk_virt={BUILD / 'drivers' / 'blk_virt.elf'}"
BROKEN = [
    ('name="serial_bob_rx_data" size="0x1_000"', 'name="serial_bob_rx_data" size="0x3_000"', f"bob={CLIENT}",
     'memory_region "serial_bob_rx_data": its size, 0x3000, must be a power of two'),
    ('id="1" /><end pd="serial_virt" id="1"', 'id="one" /><end pd="serial_virt" id="1"', ALICE,
     'id="one" is no number'),
    ('name="blk_alice_req" size="0x2_000"', 'name="blk_alice_req" size="8"', ALICE,
     'memory_region "blk_alice_req" is too small for a queue: 8 bytes'),
    ('name="net_mallory_rx_data"', 'name="net_malory_rx_data"', ALICE,
     'memory_region "net_malory_rx_data": there is no protection_domain "malory"'),
    ('<map mr="net_alice_rx_data" vaddr="0x30200000" />', "", ALICE,
     'memory_region "net_alice_rx_data" is not mapped by "alice"'),
    ('<channel><end pd="alice" id="2" /><end pd="blk_virt" id="1" /></channel>', "", ALICE,
     '0 channels between "alice" and "blk_virt": must be one'),
    ('<setvar symbol="client_data_paddr_1" region_paddr="blk_bob_data" />',
     '<setvar symbol="client_data_paddr_1" region_paddr="blk_alice_data" />', BLK_VIRT,
     'protection_domain "blk_virt" needs <setvar symbol="client_data_paddr_1" region_paddr="blk_bob_data" />, '
     "not blk_alice_data"),
    ("<system>", '<?libvmm mac pd="alice" is="03:00:00:00:00:01"?>\n<system>', ALICE,
     'is="03:00:00:00:00:01": must be a MAC address, and neither a multicast one nor zero'),
    ("<system>", '<?libvmm allow from="alice"?>\n<system>', f"net_virt={BUILD / 'drivers' / 'net_virt.elf'}",
     "<?libvmm allow?> takes from, to"),
    ("<system>", '<?libvmm allow from="alice" to="eve"?>\n<system>', f"net_virt={BUILD / 'drivers' / 'net_virt.elf'}",
     '"eve": there is no such protection_domain'),
    ("<system>", '<?libvmm console style="red"?>\n<system>', f"serial_virt={BUILD / 'drivers' / 'serial_virt.elf'}",
     'style="red": must be one of colour, prefix, plain'),
    ("</system>", "</sistem>", ALICE, "mismatched tag"),
]


@pytest.mark.parametrize("old,new,program,message", BROKEN, ids=[entry[3][:40] for entry in BROKEN])
def test_broken_descriptions(tmp_path, old, new, program, message):
    text = DRIVERS.read_text()
    assert old in text
    system = tmp_path / "broken.system"
    system.write_text(text.replace(old, new, 1))
    result = run(system, tmp_path, program)
    assert result.returncode == 1 and result.stdout == ""
    place, _, what = result.stderr.strip().partition(": ")[2].partition(": ")
    assert what == message
    assert place.startswith(f"{system}:") and place.rsplit(":", 1)[1].isdigit()


def test_broken_programs(tmp_path):
    bad = tmp_path / "bad.elf"
    for content, what in ((b"", "no 64-bit"), (b"\x7fELF\x02\x01" + bytes(58), "no section table"),
                          (CLIENT.read_bytes()[:70000], "broken section table")):
        bad.write_bytes(content)
        result = run(DRIVERS, tmp_path, f"alice={bad}")
        assert result.returncode == 1 and what in result.stderr and "Traceback" not in result.stderr
    assert "No such file" in run(DRIVERS, tmp_path, f"alice={tmp_path / 'none'}").stderr
    assert 'no protection_domain "eve"' in run(DRIVERS, tmp_path, f"eve={CLIENT}").stderr


def changed(tmp_path, system, *changes):
    """A description with other words in some places."""
    text = system.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "changed.system"
    path.write_text(text)
    return path


GICV = 'gic="2" gicv="gic_vcpu"'
GICV_MAP = '      <map mr="gic_vcpu" vaddr="0x8010000" perms="rw" cached="false" />\n'


@pytest.mark.parametrize("changes, start, rest", [
    ([], (2, 1, 0, 0x8010000), 1),
    ([('transport="mmio"', 'console="pl011"')], (2, 1, 0, 0x8010000), 0x101),
    ([('transport="mmio"', 'device_tree="start" transport="pci"')], (2, 1, 1, 0x8010000), 0x10001),
    ([('transport="mmio"', 'transport="pci"')], (2, 1, 1, 0x8010000), 1),
    ([(GICV_MAP, ""), (GICV, 'gic="3"')], (3, 1, 0, 0), 1),
    ([('phys_addr="0x8040000"', 'phys_addr="0xf906f000"')], (2, 1, 0, 0x8010000), 1),
    ([('<vcpu id="0" />', '<vcpu id="0" /><vcpu id="1" />'), (' smc="true"', "")], (2, 2, 0, 0x8010000), 0),
    ([(' transport="mmio"', "")], (2, 1, 0, 0x8010000), 1),
], ids=["as-it-is", "pl011", "device-tree", "pci", "gicv3", "another-board", "two-vcpus", "default"])
def test_guest_of_the_ready_made_vmm(configured, tmp_path, changes, start, rest):
    got = configured(changed(tmp_path, VIRTIO, *changes), "vmm", VMM, ".vmm_config")
    ram = (0x40000000, 0x40000000, 0x10000000)
    assert got == b"LVMM\1" + struct.pack("<BBBQQQQQ", *start, *ram, rest)


def test_the_ready_made_vmm_has_the_devices_that_it_is_given(configured, tmp_path):
    assert configured(VIRTIO, "vmm", VMM, ".blk_client_config").startswith(b"sDDF\2")
    without = changed(tmp_path, VIRTIO, ("blk_vmm_", "blk_disk_"))
    assert configured(without, "vmm", VMM, ".blk_client_config") == bytes(80)
    assert configured(without, "vmm", VMM, ".net_client_config").startswith(b"sDDF\5")


@pytest.mark.parametrize("old, new, message", [
    ('transport="mmio"', 'transport="usb"', 'transport="usb": must be one of mmio, pci'),
    ('<map mr="ram_vmm" vaddr="0x40000000" />', "", "must share one memory_region, the guest's RAM: none"),
    ("<virtual_machine", "<machine", 'protection_domain "vmm" has no virtual_machine'),
])
def test_guests_that_the_ready_made_vmm_cannot_have(tmp_path, old, new, message):
    system = changed(tmp_path, VIRTIO, (old, new), *([("</virtual_machine", "</machine")] if "machine" in new else []))
    result = run(system, tmp_path, f"vmm={VMM}")
    assert result.returncode != 0
    assert str(system) in result.stderr and message in result.stderr


DRIVER_PROGRAMS = {"uart": "pl011", "serial_virt": "serial_virt", "disk": "virtio_blk", "blk_virt": "blk_virt",
                   "nic": "virtio_net", "net_virt": "net_virt", "rng": "virtio_rng"}
GUEST = f'<?libvmm guest pd="vmm" {GICV} transport="mmio"?>'
KERNEL_BYTES = '\n         setvar_prefill_size="guest_kernel_bytes"'
DISK_IRQ = '<irq irq="48" id="0" trigger="edge" setvar_id="irq_channel" />'
# What is changed in virtio_gicv2.system, the line that is named, and the message.
MISTAKES = [
    (GUEST, '<?libvmm gest pd="vmm"?>', GUEST, "<?libvmm gest?>: must be one of allow, console, guest, mac, uart"),
    (GICV, 'gic="4"', GUEST[:12], 'gic="4": must be one of 2, 3'),
    (GICV, "", GUEST[:12], "<?libvmm guest?> takes pd, gic, gicv, transport, console, device_tree"),
    (GICV, 'gic="2"', GUEST[:12], 'gic="2" needs gicv="REGION", the memory_region of the virtual CPU interface (GICV)'),
    (GICV, GICV.replace("2", "3"), GUEST[:12], 'gicv="gic_vcpu" is of a GICv2: a GICv3 has no such region'),
    (GICV, 'gic="2" gicv="gic_vcp"', GUEST[:12],
     'gicv="gic_vcp": the virtual_machine of "vmm" maps no such memory_region'),
    (GICV, 'gic="2" gicv="ram_vmm"', GUEST[:12], 'gicv="ram_vmm": the memory_region has no phys_addr'),
    (GUEST, "", 'name="vmm" priority', 'the guest of "vmm" needs an interrupt controller: <?libvmm guest pd="vmm" '
                                       'gic="3"?>, or gic="2" gicv="REGION"'),
    (GUEST, '<?libvmm guest pd=vmm?>', GUEST, '<?libvmm guest?>: "pd=vmm" is no NAME="VALUE"'),
    (GUEST, '<?libvmm guest pd="vm" gic="3"?>', GUEST, '"vm": there is no such protection_domain'),
    (GUEST, '<?libvmm guest pd="uart" gic="3"?>', GUEST, 'protection_domain "uart" has no virtual_machine'),
    (GUEST, GUEST + " " + GUEST, GUEST, "<?libvmm guest?> is there already, in line 10"),
    (GUEST, '<?libvmm console style="plain"?><?libvmm console style="plain"?>', GUEST,
     "<?libvmm console?> is there already, in line 10"),
    (GUEST, 2 * '<?libvmm mac pd="vmm" is="02:00:00:00:00:01"?>', GUEST, "<?libvmm mac?> is there already, in line 10"),
    (GUEST, '<?libvmm mac pd="uart" is="02:00:00:00:00:01"?>', GUEST, 'pd="uart" is the client of no net connection'),
    (GUEST, '<?libvmm mac pd="vmm" is="00:00:00:00:00:00"?>', GUEST,
     'is="00:00:00:00:00:00": must be a MAC address, and neither a multicast one nor zero'),
    (GUEST, '<?libvmm uart pd="uart" clock="24000000"?>', GUEST, "<?libvmm uart?> takes pd, clock, baud"),
    (GUEST, '<?libvmm uart pd="uart" clock="24MHz" baud="9600"?>', GUEST,
     'clock="24MHz": must be a number from 1 to 4294967295'),
    (GUEST, '<?libvmm uart pd="uart" clock="24000000" baud="0"?>', GUEST,
     'baud="0": must be a number from 50 to 10000000'),
    (GUEST, '<?libvmm uart pd="vmm" clock="24000000" baud="9600"?>', GUEST,
     'protection_domain "vmm" is the driver of no serial connection'),
    (GUEST, '<?libvmm allow from="vmm" to="vmm"?>', GUEST, '"vmm" needs no permission to talk to itself'),
    (GUEST, '<?libvmm allow from="vmm" to="uart"?>', GUEST, 'to="uart" is the client of no net connection'),
    ('name="disk_dma" size="0x3_000"', 'name="disk_dma" size="0x2_000"', 'name="disk_dma"',
     'memory_region "disk_dma" has 0x2000 bytes: must be 0x3000'),
    ('region_paddr="disk_dma"', 'region_paddr="nic_dma"', 'region_paddr="disk_dma"',
     'protection_domain "disk" needs <setvar symbol="dma_paddr" region_paddr="disk_dma" />, not nic_dma'),
    (DISK_IRQ, DISK_IRQ.replace(' setvar_id="irq_channel"', ""), 'name="disk" priority',
     'protection_domain "disk" must set "irq_channel" by setvar_id'),
    ('<map mr="disk_regs" vaddr="0x8000000" cached="false" setvar_vaddr', '<map mr="disk_regs" vaddr="0x8000000" '
     'setvar_size', 'name="disk" priority', 'protection_domain "disk" must set "device_base" by setvar_vaddr, not '
                                            "setvar_size"),
    ('name="blk_blk_virt_req" size="0x2_000"', 'name="blk_blk_virt_req" size="0x800"', 'name="blk_blk_virt_req"',
     'memory_region "blk_blk_virt_req" is too small for a queue: 2048 bytes, room for 63 entries: must be 64'),
    ('name="net_vmm_tx_data" size="0x80_000"', 'name="net_vmm_tx_data" size="0x4_001_000"', 'name="net_vmm_tx_data"',
     'memory_region "net_vmm_tx_data" has 0x4001000 bytes: must be 0x4000000 at most'),
    ('name="blk_blk_virt_data" size="0x6_000"', 'name="blk_blk_virt_data" size="0x1_000"', 'name="blk_blk_virt_data"',
     'memory_region "blk_blk_virt_data" has 0x1000 bytes: must be 0x5000'),
    (KERNEL_BYTES, "", 'name="vmm" priority',
     'protection_domain "vmm" must set "guest_kernel_bytes" by setvar_prefill_size'),
    (KERNEL_BYTES.replace("kernel", "initrd"), "", 'mr="guest_initrd"',
     '"guest_initrd_vaddr" (setvar_vaddr) and "guest_initrd_bytes" (setvar_prefill_size) go together: only '
     '"guest_initrd_vaddr" is set'),
    ('<vcpu id="0" />', '<vcpu id="1" />', "<virtual_machine", "vCPUs 1: must be 1 to 8, numbered from 0"),
    ('<vcpu id="0" />', "".join(f'<vcpu id="{i}" />' for i in range(9)), "<virtual_machine",
     "vCPUs 0, 1, 2, 3, 4, 5, 6, 7, 8: must be 1 to 8, numbered from 0"),
    ('vaddr="0x8010000"', 'vaddr="0xa000000"', 'mr="gic_vcpu"',
     'map of memory_region "gic_vcpu" at 0xa000000..0xa000fff: the VMM has its virtio devices at 0xa000000..0xa000fff'),
    (GUEST, '<?libvmm guest pd="vmm" gic="3" console="uart"?>', GUEST, 'console="uart": must be one of virtio, pl011'),
    ("</virtual_machine>", '</virtual_machine>\n<virtual_machine name="b"><vcpu id="1" /></virtual_machine>',
     "</virtual_machine>", 'protection_domain "vmm" has another virtual_machine, in line'),
]


@pytest.mark.parametrize("old, new, place, message", MISTAKES, ids=[entry[3][:50] for entry in MISTAKES])
def test_mistakes_with_the_ready_made_vmm(tmp_path, old, new, place, message):
    text = VIRTIO.read_text()
    assert text.count(old) == 1
    line = text[:text.index(place)].count("\n") + 1
    system = changed(tmp_path, VIRTIO, (old, new))
    programs = [f"{pd}={BUILD / 'drivers' / name}.elf" for pd, name in DRIVER_PROGRAMS.items()]
    result = run(system, tmp_path, *programs, f"vmm={VMM}")
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith(f"configure: {system}:{line + place.startswith('</')}: {message}")


def test_two_clients_with_one_address(tmp_path):
    """The default of the client whose channel has number 2."""
    system = changed(tmp_path, DRIVERS, ("<system>", '<?libvmm mac pd="alice" is="02:6c:76:6d:6d:02"?><system>'))
    result = run(system, tmp_path, f"net_virt={NET_VIRT}")
    assert result.returncode == 1 and '"bob" has the MAC address of "alice", 02:6c:76:6d:6d:02' in result.stderr


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    result = run(VIRTIO, tmp_path / "file" / "folder", f"vmm={VMM}")
    assert result.returncode == 1 and "Not a directory" in result.stderr and "Traceback" not in result.stderr
