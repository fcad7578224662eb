# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""tools/board/pass: what it makes of devices, and what it says to those that it cannot pass on."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASS = ROOT / "tools" / "board" / "pass"

TREE = """
/dts-v1/;
/ {
    #address-cells = <2>;
    #size-cells = <2>;
    interrupt-parent = <&gic>;
    memory@0 { device_type = "memory"; reg = <0 0 0 0x80000000>; };
    xtal: xtal { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
    pll: pll { compatible = "vendor,pll"; #clock-cells = <1>; };
    gic: gic@f9010000 {
        compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <3>;
        reg = <0 0xf9010000 0 0x10000>;
    };
    gpio: gpio@a000000 { compatible = "vendor,gpio"; reg = <0 0xa000000 0 0x1000>; #interrupt-cells = <2>; };
    soc {
        compatible = "simple-bus";
        #address-cells = <1>;
        #size-cells = <1>;
        ranges = <0x1000000 0 0xc1000000 0x1000000>;
        uart: serial@1000000 {
            compatible = "vendor,uart", "ns16550";
            reg = <0x1000000 0x100>;
            interrupts = <0 21 4>;
            clocks = <&xtal>;
            clock-names = "baud";
            current-speed = <115200>;
            power-domains = <&pll 3>;
            resets = <&pll 4>;
            odd = [01 02 03];
            quiet;
        };
        other@1002000 { compatible = "vendor,other"; reg = <0x1002000 0x1000>; };
        nic: ethernet@1004000 {
            compatible = "vendor,nic";
            reg = <0x1004000 0x800>, <0x1008000 0x1000>;
            interrupts = <0 30 4>, <0 31 1>, <0 30 4>;
            interrupt-names = "rx", "tx", "err";
            dma-coherent;
            phy-handle = <&phy>;
            mdio {
                #address-cells = <1>;
                #size-cells = <0>;
                phy: phy@7 { reg = <7>; };
                spare@8 { reg = <8>; status = "disabled"; };
            };
        };
    };
    i2c {
        compatible = "vendor,i2c";
        #address-cells = <1>;
        #size-cells = <0>;
        sensor@48 { compatible = "vendor,sensor"; reg = <0x48>; };
    };
};
"""
UART = "/soc/serial@1000000"
NIC = "/soc/ethernet@1004000"


def blob(tmp_path, text):
    path = tmp_path / "board.dtb"
    subprocess.run(["dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", path], input=text.encode(), check=True,
                   timeout=60)
    return path


def run(dtb, *options):
    return subprocess.run([PASS, "--dtb", dtb, *options], capture_output=True, text=True, check=False, timeout=60)


def passed(tmp_path, *options):
    """What goes into the system description, and the guest's nodes as dtc takes them in a whole tree."""
    out = tmp_path / "guest.dtsi"
    result = run(blob(tmp_path, TREE), *options, "--guest-dtsi", out)
    assert result.returncode == 0 and result.stderr == ""
    guest = ("/dts-v1/;\n/ { #address-cells = <2>; #size-cells = <2>; interrupt-parent = <&gic>; gic: gic { "
             "interrupt-controller; #interrupt-cells = <3>; }; };\n" + out.read_text())
    built = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dts"], input=guest.encode(), capture_output=True,
                           check=True, timeout=60)
    return result.stdout, out.read_text(), built.stdout.decode()


def test_a_device_on_a_bus_with_ranges(tmp_path):
    system, dtsi, _ = passed(tmp_path, "--device", UART)
    assert '<memory_region name="serial_1000000" size="0x1000" phys_addr="0xc1000000" />' in system
    assert '<map mr="serial_1000000" vaddr="0xc1000000" perms="rw" cached="false" />' in system
    assert '<irq irq="53" id="1" trigger="level" />' in system
    assert "by itself" not in system
    for line in ('compatible = "vendor,uart", "ns16550";', "reg = <0x0 0xc1000000 0x0 0x100>;",
                 "interrupts = <0 21 4>;", "clock-frequency = <24000000>;", 'clock-names = "baud";',
                 "current-speed = <0x1c200>;", "odd = [01 02 03];", "quiet;", 'status = "okay";',
                 f"/* left out of {UART}: power-domains, resets */"):
        assert line in dtsi
    assert "power-domains =" not in dtsi


def test_a_device_with_several_of_all(tmp_path):
    system, dtsi, built = passed(tmp_path, "--device", NIC, "--device", UART, "--irq-id", "5")
    assert re.findall(r'name="(\w+)" size="(\w+)" phys_addr="(\w+)"', system) == [
        ("ethernet_1004000_0", "0x1000", "0xc1004000"), ("ethernet_1004000_1", "0x1000", "0xc1008000"),
        ("serial_1000000", "0x1000", "0xc1000000")]
    assert re.findall(r'irq="(\d+)" id="(\d+)" trigger="(\w+)"', system) == [
        ("62", "5", "level"), ("63", "6", "edge"), ("53", "7", "level")]
    assert "the guest's RAM must be mapped at its physical address" in system
    assert "interrupts = <0 30 4>, <0 31 1>, <0 30 4>;" in dtsi and "spare" not in dtsi
    handle = re.search(r"phy-handle = <(0x\w+)>", built)[1]
    assert f"phandle = <{handle}>" in built


def test_a_clock_that_somebody_sets(tmp_path):
    text = TREE.replace("clocks = <&xtal>;", "clocks = <&pll 2>;")
    result = run(blob(tmp_path, text), "--device", UART, "--clock", f"{UART}:baud=48000000", "--guest-dtsi",
                 tmp_path / "out")
    assert result.returncode == 0 and "clock-frequency = <48000000>;" in (tmp_path / "out").read_text()


# What is changed in the tree, the device, and the message.
BROKEN = [
    ("", "", "/soc/serial", "/soc/serial: there is no such node"),
    ("", "", "/serial@1000000", f"/serial@1000000: there is no such node; there is {UART}"),
    ("", "", "serial@1000000", "serial@1000000: there is no such node"),
    ("", "", "/", "/: is the board itself"),
    ("", "", "", ": there is no such node"),
    ('compatible = "vendor,uart", "ns16550";', "", UART, f"{UART}: compatible: is not there"),
    ("reg = <0x1000000 0x100>;", "", UART, f"{UART}: reg: is not there"),
    ("reg = <0x1000000 0x100>;", "reg;", UART, f"{UART}: reg: has 0 numbers: must be a multiple of 2"),
    ("reg = <0x1000000 0x100>;", "reg = <0x1000000>;", UART, f"{UART}: reg: has 1 numbers: must be a multiple of 2"),
    ("reg = <0x1000000 0x100>;", "reg = [01 02 03];", UART, f"{UART}: reg: has 3 bytes: must be 32-bit numbers"),
    ("reg = <0x1000000 0x100>;", "reg = <0x1000000 0>;", UART, f"{UART}: reg: a range at 0xc1000000 is empty"),
    ("reg = <0x1000000 0x100>;", "reg = <0x3000000 0x100>;", UART, f"{UART}: reg: 0x3000000 is in no range of /soc"),
    ("reg = <0x1000000 0x100>;", "reg = <0x1ffff80 0x100>;", UART, f"{UART}: reg: 0x1ffff80 is in no range of /soc"),
    ("reg = <0x1000000 0x100>;", "reg = <0x1000000 0x3000>;", UART,
     f"{UART}: reg: the page at 0xc1002000 has registers of /soc/other@1002000 too"),
    ("reg = <0x1002000 0x1000>;", "reg = <0x1000800 0x100>;", UART,
     f"{UART}: reg: the page at 0xc1000000 has registers of /soc/other@1002000 too"),
    ("ranges = <0x1000000 0 0xc1000000 0x1000000>;", "", UART, f"{UART}: reg: /soc has no ranges"),
    ("ranges = <0x1000000 0 0xc1000000 0x1000000>;", "ranges = <1 2 3>;", UART,
     "/soc: ranges: has 3 numbers: must be a multiple of 4"),
    ("", "", "/i2c/sensor@48", "/i2c/sensor@48: reg: has no sizes: /i2c is no bus with registers in memory"),
    ("interrupts = <0 21 4>;", "interrupts = <1 9 4>;", UART, f"{UART}: interrupts: <1 9 4> is no SPI"),
    ("interrupts = <0 21 4>;", "interrupts = <0 21 2>;", UART, f"{UART}: interrupts: SPI 21 has trigger 2: must be 1"),
    ("interrupts = <0 21 4>;", "interrupts = <0 21 8>;", UART, f"{UART}: interrupts: SPI 21 has trigger 8"),
    ("interrupts = <0 21 4>;", "interrupts = <0 21 0>;", UART, f"{UART}: interrupts: SPI 21 has trigger 0"),
    ("interrupts = <0 21 4>;", "interrupts = <0 988 4>;", UART, f"{UART}: interrupts: SPI 988: must be less than 988"),
    ("interrupts = <0 21 4>;", "interrupts = <0 21>;", UART, f"{UART}: interrupts: has 2 numbers: must be a multiple"),
    ("interrupts = <0 21 4>;", "interrupts = [00];", UART, f"{UART}: interrupts: has 1 bytes: must be 32-bit numbers"),
    ("interrupts = <0 21 4>;", "interrupt-parent = <&gpio>; interrupts = <3 4>;", UART,
     f"{UART}: interrupts: go to /gpio@a000000, which is no GIC"),
    ("interrupts = <0 21 4>;", "interrupt-parent = <0x77>; interrupts = <3 4>;", UART,
     "interrupt-parent: names phandle 0x77, which no node has"),
    ("interrupts = <0 21 4>;", "interrupts-extended = <&gpio 3 4>;", UART,
     f"{UART}: interrupts-extended: go to /gpio@a000000, which is no GIC"),
    ("interrupts = <0 21 4>;", "interrupts-extended = <&gic 0 21>;", UART,
     f"{UART}: interrupts-extended: ends in the middle of what /gic@f9010000 takes: 3 numbers"),
    ("    interrupt-parent = <&gic>;\n", "", UART, f"{UART}: interrupts: no node says which interrupt-parent"),
    ("#interrupt-cells = <3>;", "#interrupt-cells = <1>;", UART,
     "/gic@f9010000: #interrupt-cells: is 1: must be 3 or 4"),
    ("#interrupt-cells = <3>;", "#interrupt-cells = <0>;", UART, f"{UART}: interrupts: has 3 numbers"),
    ("#interrupt-cells = <3>;", "", UART, "/gic@f9010000: #interrupt-cells: is not there"),
    ("clock-frequency = <24000000>;", "clock-frequency = <1 2>;", UART, "/xtal: clock-frequency: has 2 numbers"),
    ("clocks = <&xtal>;", "clocks = <&pll 2>;", UART,
     f'{UART}: clocks: the rate of "baud" is what /pll makes it: say --clock {UART}:baud=HZ'),
    ("clocks = <&xtal>;", "clocks = <&pll>;", UART,
     f"{UART}: clocks: ends in the middle of what /pll takes: 1 numbers"),
    ("clocks = <&xtal>;", "clocks = <0x77>;", UART, f"{UART}: clocks: names phandle 0x77, which no node has"),
    ("clocks = <&xtal>;", "clocks = <&gpio 1>;", UART, "/gpio@a000000: #clock-cells: is not there"),
    ("clock-frequency = <24000000>;", "", UART, "/xtal: clock-frequency: is not there"),
    ("quiet;", "dmas = <&pll 1>;", UART, f"{UART}: dmas: needs another device, which the guest does not have"),
    ("quiet;", "interrupt-map = <1>;", UART, f"{UART}: interrupt-map: needs another device"),
    ("phy-handle = <&phy>;", "phy-handle = <&gpio>;", NIC,
     f"{NIC}: phy-handle: names /gpio@a000000, which is not inside"),
    ("phy-handle = <&phy>;", "phy-handle = <0x77>;", NIC, f"{NIC}: phy-handle: names phandle 0x77, which no node has"),
    ("phy@7 { reg = <7>; };", "phy@7 { reg = <7>; interrupts = <0 40 4>; };", NIC,
     f"{NIC}/mdio/phy@7: interrupts: of a node inside the device is not supported"),
]


@pytest.mark.parametrize("old, new, device, message", BROKEN,
                         ids=[f"{i}-{row[3][:40]}" for i, row in enumerate(BROKEN)])
def test_what_cannot_be_passed(tmp_path, old, new, device, message):
    assert old in TREE
    text = TREE.replace(old, new, 1) if old else TREE
    out = tmp_path / "guest.dtsi"
    result = run(blob(tmp_path, text), "--device", device, "--guest-dtsi", out)
    assert result.returncode == 1 and result.stdout == "" and not out.exists()
    assert result.stderr.startswith("pass: ") and message in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("content, message", [
    (None, "No such file or directory"),
    (b"", "no device tree blob"),
    (b"<system></system>", "no device tree blob"),
    (b"\xd0\x0d\xfe\xed" + bytes(100), "a broken device tree blob"),
])
def test_files_that_are_no_tree(tmp_path, content, message):
    path = tmp_path / "board.dtb"
    if content is not None:
        path.write_bytes(content)
    result = run(path, "--device", UART)
    assert result.returncode == 1 and f"{path}: {message}" in result.stderr and "Traceback" not in result.stderr


def test_a_tree_that_was_cut_off(tmp_path):
    path = blob(tmp_path, TREE)
    whole = path.read_bytes()
    for length in range(4, len(whole), 97):
        path.write_bytes(whole[:length])
        result = run(path, "--device", UART)
        assert result.returncode == 1
        assert ("a broken device tree blob" if length > 7 else "blob") in result.stderr and "Trace" not in result.stderr


@pytest.mark.parametrize("options, message", [
    (["--clock", "baud=1"], '"baud=1" is no PATH:NAME=HZ'),
    (["--clock", f"{UART}:baud=0"], "is no PATH:NAME=HZ, with HZ from 1"),
    (["--clock", f"{UART}:bad=1"], f"--clock {UART}:bad: no device that is passed has such a clock"),
    (["--irq-id", "62"], "--irq-id 62: channels up to 62 are needed, the last is 61"),
    (["--irq-id", "-1"], "--irq-id -1"),
    (["--guest-dtsi", "/nowhere/file"], "/nowhere/file: No such file or directory"),
    (["--board", "zcu102"], "not allowed with argument"),
])
def test_wrong_options(tmp_path, options, message):
    result = run(blob(tmp_path, TREE), "--device", UART, *options)
    assert result.returncode != 0 and result.stdout == "" and message in result.stderr


def test_a_board_that_there_is_not():
    result = subprocess.run([PASS, "--board", "moon", "--device", UART], capture_output=True, text=True, check=False,
                            timeout=60)
    assert result.returncode == 1 and "--board moon: no such board" in result.stderr
