# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""The command line: what it takes, what it answers, which files it leaves."""

import os
import pathlib
import shutil
import time

import pytest
from image_tool import BUILD, tool_path
from image_file import Image

GOOD = pathlib.Path(__file__).parent / "good"
MINIMAL = GOOD / "minimal.system"

USAGE = """usage: image FILE.system --board BOARD --config CONFIG --kernel KERNEL.elf
             [--search-path DIR]... [--smc PD=FIRST[-LAST]]... [-o IMAGE] [-r REPORT]
"""


def words(tool, **changes):
    """A right command line as a dictionary of options, with some changed or (None) left out."""
    options = {"--board": "test_board", "--config": "debug", "--kernel": tool.programs / "kernel.elf",
               "--search-path": tool.programs, "-o": tool.output, "-r": tool.report}
    options.update(changes)
    return [word for pair in options.items() if pair[1] is not None for word in pair]


def test_options_may_come_in_any_order(tool):
    arguments = words(tool)
    for index in range(0, len(arguments) + 1, 2):
        run = tool.run_words([tool_path(), *arguments[:index], MINIMAL, *arguments[index:]])
        assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("config", ["debug", "release", "benchmark", "smp-debug", "smp-release", "smp-benchmark"])
def test_config(tool, config):
    assert tool.run_words([tool_path(), MINIMAL, *words(tool, **{"--config": config})]).returncode == 0


@pytest.mark.parametrize("changes, problem", [
    ({"--board": None}, "image: option missing: --board\n"),
    ({"--config": None}, "image: option missing: --config\n"),
    ({"--kernel": None}, "image: option missing: --kernel\n"),
    ({"--config": "fast"}, "image: unknown --config: fast\n"),
    ({"--wrong": "x"}, "TOOL: unrecognized option '--wrong'\n"),
    ({"--report": None, "second.system": "third.system"}, "image: more than one system description: second.system\n"),
], ids=lambda value: value if isinstance(value, str) else next(iter(value)).strip("-"))
def test_usage_errors(tool, changes, problem):
    run = tool.run_words([tool_path(), MINIMAL, *words(tool, **changes)])
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == problem.replace("TOOL", str(tool_path())) + USAGE
    assert not tool.output.exists()


@pytest.mark.parametrize("smc, problem", [
    ("one", "must be PD=FIRST or PD=FIRST-LAST, with function identifiers as numbers"),
    ("one=0x82000000-", "must be PD=FIRST or PD=FIRST-LAST, with function identifiers as numbers"),
    ("two=0x82000000", 'there is no protection_domain "two"'),
    ("one=0x82000000", 'protection_domain "one" has no smc="true"'),
    ("caller=0x84000003", "0x84000003 to 0x84000003 must be fast calls of one service, which is the Arm "
     "architecture's (0x80000000), the silicon provider's (0x82000000) or the OEM's (0x83000000)"),
    ("caller=0x82000001-0x82000000", "0x82000001 to 0x82000000 must be"),
    ("caller=0x82000000-0x83000000", "0x82000000 to 0x83000000 must be"),
    ("caller=0x02000000", "0x2000000 to 0x2000000 must be"),
    ("caller=0x182000000", "0x182000000 to 0x182000000 must be"),
])
def test_smc_errors(tool, tmp_path, smc, problem):
    run = tool.run_words([tool_path(), smc_system(tmp_path), *words(tool, **{"--smc": smc})])
    assert run.returncode == 1 and run.stderr.startswith(f"--smc {smc}: {problem}"), run.stderr


def smc_system(folder):
    path = folder / "smc.system"
    path.write_text('<system><protection_domain name="one"><program_image path="pd.elf" /></protection_domain>'
                    '<protection_domain name="caller" smc="true"><program_image path="pd.elf" /></protection_domain>'
                    '</system>')
    return path


def test_smc(tool, tmp_path):
    command = [tool_path(), smc_system(tmp_path), *words(tool, **{"--smc": "caller=0x82000000"}), "--smc",
               "caller=0xc3000010-0xc300ffff"]
    assert tool.run_words(command).returncode == 0
    image = Image(tool.output).load_tables(tool.programs / "kernel.elf")
    assert [(image.threads[smc.thread].name, smc.first, smc.last) for smc in image.smcs] == [
        ("caller", 0x82000000, 0x82000000), ("caller", 0xC3000010, 0xC300FFFF)]
    assert "  firmware functions 0xc3000010 to 0xc300ffff\n" in tool.report.read_text()


def test_no_system(tool):
    run = tool.run_words([tool_path(), *words(tool)])
    assert (run.returncode, run.stderr) == (2, "image: no system description\n" + USAGE)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(tool, option):
    run = tool.run_words([tool_path(), option])
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(USAGE)
    for name in ("--board", "--config", "--kernel", "--search-path", "--smc", "--output", "--report"):
        assert name in run.stdout


def test_system_missing(tool):
    run = tool.run("no.system")
    assert (run.returncode, run.stderr) == (1, 'no.system: cannot open "no.system": No such file or directory\n')


def test_output_cannot_be_written(tool):
    tool.output = tool.output.parent / "none" / "image.elf"
    run = tool.run(MINIMAL)
    assert (run.returncode, run.stderr) == (1, f"{tool.output}: cannot be written: No such file or directory\n")


def test_disk_full(tool):
    tool.output = pathlib.Path("/dev/full")
    run = tool.run(MINIMAL)
    assert (run.returncode, run.stderr) == (1, "/dev/full: cannot be written: No space left on device\n")
    assert tool.output.exists()


def test_report_cannot_be_written_leaves_no_image(tool):
    tool.report = tool.report.parent / "none" / "report.txt"
    run = tool.run(MINIMAL)
    assert (run.returncode, run.stderr) == (1, f"{tool.report}: cannot be written: No such file or directory\n")
    assert not tool.output.exists()


def test_search_paths_are_tried_in_order(tool, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    shutil.copy(tool.programs / "pd.elf", second / "pd.elf")
    command = [tool_path(), MINIMAL, *words(tool, **{"--search-path": first}), "--search-path", second]
    assert tool.run_words(command).returncode == 0
    (first / "pd.elf").write_text("not a program")
    run = tool.run_words(command)
    assert run.returncode == 1 and "not an ELF file" in run.stderr


def test_same_input_same_output(tool):
    assert tool.run(GOOD / "everything.system").returncode == 0
    first = tool.output.read_bytes(), tool.report.read_text()
    assert tool.run(GOOD / "everything.system").returncode == 0
    assert (tool.output.read_bytes(), tool.report.read_text()) == first


def test_device_mapped_cached_is_warned_about(tool, tmp_path):
    system = tmp_path / "warned.system"
    system.write_text('<system>\n<memory_region name="uart" size="0x1000" phys_addr="0x9000000" />\n'
                      '<protection_domain name="one"><program_image path="pd.elf" />\n'
                      '<map mr="uart" vaddr="0x1000000" /></protection_domain>\n</system>\n')
    run = tool.run(system)
    assert run.returncode == 0
    assert run.stderr == (f'{system}:4: warning: memory_region "uart" at 0x9000000 is no RAM but is mapped cached; '
                          'a device wants cached="false"\n')


def test_what_microkit_ignores_is_warned_about(tool, tmp_path):
    """Its tool looks for text in the system element only, and for no elements in those that have none."""
    system = tmp_path / "ignored.system"
    system.write_text('<system>\n<protection_domain name="one">some text <!-- and --> more\n'
                      '<program_image path="pd.elf">long text that is about\nsome program'
                      '<map what="ever" /></program_image>\n</protection_domain></system>\n')
    run = tool.run(system)
    assert run.returncode == 0
    assert run.stderr == (f'{system}:2: warning: text "some text " in element "protection_domain" is ignored\n'
                          f'{system}:3: warning: text "long text that is ab" in element "program_image" is ignored\n'
                          f'{system}:4: warning: element "map" in program_image is ignored\n')


def test_zeros_cost_no_space(tool, tmp_path):
    """Guest RAM, a stack and a prefilled file that is mostly zero: none of it is in the image."""
    content = bytearray(0x400000)
    content[0x100] = content[0x3000] = content[0x300000] = 1
    (tmp_path / "sparse.bin").write_bytes(content)
    system = tmp_path / "sparse.system"
    system.write_text('<system><memory_region name="ram" size="0x1000000" />'
                      f'<memory_region name="sparse" prefill_path="{tmp_path}/sparse.bin" />'
                      '<protection_domain name="one" stack_size="0x1000000"><program_image path="pd.elf" />'
                      '</protection_domain></system>')
    assert tool.run(system).returncode == 0
    assert tool.output.stat().st_size < 0x30000
    image = Image(tool.output).load_tables(tool.programs / "kernel.elf")
    # Pages 0 to 3 of the file in one piece, one page at 3 MiB; nothing for few zeros in between.
    pieces = [segment[4] for segment in image.elf.loads()]
    assert 0x4000 in pieces and 0x1000 in pieces
    assert len(image.zeros) <= 8


def test_large_system_is_built_quickly(tool, tmp_path):
    system = tmp_path / "many.system"
    regions = "".join(f'<memory_region name="r{i}" size="0x1000" />' for i in range(4000))
    maps = "".join(f'<map mr="r{i}" vaddr="{0x10000000 + i * 0x2000}" />' for i in range(4000))
    system.write_text(f'<system>{regions}<protection_domain name="one"><program_image path="pd.elf" />{maps}'
                      '</protection_domain></system>')
    start = time.monotonic()
    assert tool.run(system).returncode == 0
    assert time.monotonic() - start < 20


@pytest.mark.skipif(not (BUILD / "kernel" / "kernel.elf").exists(), reason="the kernel has not been built")
def test_the_real_kernel(tool):
    kernel = BUILD / "kernel" / "kernel.elf"
    run = tool.run_words([tool_path(), MINIMAL, *words(tool, **{"--kernel": kernel, "--board": "qemu_virt_aarch64"})])
    assert (run.returncode, run.stderr) == (0, "")
    assert [thread.name for thread in Image(tool.output).load_tables(kernel).threads] == ["one"]
    assert os.path.getsize(tool.output) < 2 * os.path.getsize(kernel) + 0x40000
