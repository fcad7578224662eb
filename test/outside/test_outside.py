# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A system outside of the source tree: builds libvmm.a through libvmm.mk with flags of its own, links a VMM with it,
# makes an image and runs its guest. And: libvmm.a needs nothing from outside that is not documented.

import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
MAKE_IMAGES = ["build/guest.bin", "build/guest.dtb"]
CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")


def run(command, **options):
    """Runs a command that must succeed; answers what it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "BUILD", "STEPS")}
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=600, check=False, env=environment, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}"
    return done.stdout


def libfdt_of(build):
    """The words for make that name the libfdt already fetched."""
    return [f"LIBFDT={build}/deb/libfdt"]


@pytest.fixture
def settings(build):
    """The words for make that every outside system here shares: the world below, and libfdt."""
    return [f"MICROKIT={build}/microkit", f"IMAGE_TOOL={build}/tools/image --kernel {build}/kernel/kernel.elf",
            *libfdt_of(build)]


@pytest.fixture
def system(tmp_path):
    """A copy of the outside system in a temporary folder."""
    return pathlib.Path(shutil.copytree(HERE / "hello", tmp_path / "hello"))


@pytest.mark.parametrize("flags", [
    "-O2 -mgeneral-regs-only -mstrict-align",
    "-O0 -g -std=c11 -Wall -Wextra -Wconversion -Wshadow -Wvla -Werror -mgeneral-regs-only -mstrict-align",
    "-Os -fPIE -fstack-protector-all -mgeneral-regs-only -mstrict-align",
])
def test_builds_and_runs_with_its_own_flags(machine, root, system, settings, flags):
    run(["make", f"LIBVMM={root}", f"CFLAGS={flags}", *settings], cwd=system)
    console = machine(system / "build/loader.img")
    console.expect("hello from the guest")
    console.expect("guest asks for power-off")


def test_builds_and_runs_with_clang(machine, root, system, settings):
    flags = "-O2 -Wall -Wextra -Werror -mgeneral-regs-only -mstrict-align"
    run(["make", f"LIBVMM={root}", "CC=clang --target=aarch64-linux-gnu", f"CFLAGS={flags}", *settings], cwd=system)
    machine(system / "build/loader.img").expect("hello from the guest")


def test_the_makefile_of_the_readme(machine, root, build, system, tmp_path):
    """What README.md shows, in a folder with the outside system's sources and libvmm's tree."""
    makefile = re.search(r"^```make\n(.*?)^```", (root / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
    assert len(makefile.replace("\\\n", "").splitlines()) == 10, "ten lines are what a README can show"
    (tmp_path / "readme/libvmm").mkdir(parents=True)
    for path in root.iterdir():
        if path.name not in ("build", ".git"):
            (tmp_path / "readme/libvmm" / path.name).symlink_to(path)
    (tmp_path / "readme/libvmm/build").symlink_to(build)
    run(["make", f"LIBVMM={root}", *MAKE_IMAGES], cwd=system)
    for name in ("vmm.c", "images.S", "build/guest.bin", "build/guest.dtb"):
        shutil.copy(system / name, tmp_path / "readme")
    shutil.copy(system / "hello.system", tmp_path / "readme/my.system")
    (tmp_path / "readme/Makefile").write_text(makefile)
    run(["make", "build/image.elf", *libfdt_of(build)], cwd=tmp_path / "readme")
    machine(tmp_path / "readme/build/image.elf").expect("hello from the guest")


def test_relative_path_and_absolute_build_folder(root, system, settings, tmp_path):
    libvmm = os.path.relpath(root, system)
    output = run(["make", "-s", f"LIBVMM={libvmm}", f"BUILD={tmp_path}/elsewhere", *settings], cwd=system)
    assert output == "", "make -s should print nothing"
    assert (tmp_path / "elsewhere/loader.img").exists()
    assert not (system / "build").exists()


def test_builds_again_only_what_changed(root, system, settings):
    make = ["make", f"LIBVMM={root}", *settings]
    run(make, cwd=system)
    library = system / "build/libvmm.a"
    built = library.stat().st_mtime_ns
    run(make, cwd=system)
    assert library.stat().st_mtime_ns == built, "nothing had changed"
    run([*make, "CFLAGS=-O1 -mgeneral-regs-only -mstrict-align"], cwd=system)
    assert library.stat().st_mtime_ns != built, "other flags should compile the library anew"


def test_does_not_choose_the_default_goal(root, tmp_path, settings):
    (tmp_path / "Makefile").write_text(f"include {root}/libvmm.mk\nmine:\n\t@echo my own goal\n")
    assert run(["make", *settings], cwd=tmp_path) == "my own goal\n"


def undefined_symbols(archive, folder):
    """What a program that uses everything in an archive must get from elsewhere."""
    run([f"{CROSS}ld", "-r", "--whole-archive", archive, "-o", folder / "whole.o"])
    return set(re.findall(r"^ +[Uw] (\S+)$", run([f"{CROSS}nm", "-u", folder / "whole.o"]), re.MULTILINE))


def words_of_headers(folder):
    return set(re.findall(r"\w+", "".join(path.read_text() for path in folder.rglob("*.h"))))


def documented_needs(root):
    """The symbols that the head of libvmm.mk lists."""
    text = re.search(r"# libvmm\.a needs microkit\.h.*?\n# It brings", (root / "libvmm.mk").read_text(), re.DOTALL)[0]
    return set(" ".join(re.findall(r"^#   (.*)$", text, re.MULTILINE)).split())


def test_needs_only_what_microkit_h_declares(build, tmp_path):
    assert undefined_symbols(build / "libvmm.a", tmp_path) <= words_of_headers(build / "microkit/include")


def test_needs_only_the_c_functions_that_it_lists(root, build, tmp_path):
    without = tmp_path / "without-c-functions.a"
    shutil.copy(build / "libvmm.a", without)
    run([f"{CROSS}ar", "d", without, *(path.with_suffix(".o").name for path in (root / "src/util/libc").glob("*.c"))])
    needs = undefined_symbols(without, tmp_path) - words_of_headers(build / "microkit/include")
    # The flags here ask for no stack protector.
    assert needs == documented_needs(root) - {"__stack_chk_fail", "__stack_chk_guard"}
