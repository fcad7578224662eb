# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The system tests on a seL4 Microkit SDK ("make test MICROKIT_SDK=..."): which of them run there, and how their images
# are made and started. What a test cannot have there is skipped, with the reason; docs/porting.md lists the reasons.

import fcntl
import os
import pathlib
import re
import subprocess

import pytest

SDK = os.environ.get("MICROKIT_SDK")
BOARD = os.environ.get("MICROKIT_BOARD", "")
CONFIG = os.environ.get("MICROKIT_CONFIG", "")
# The version of the interrupt controller, and the cores, that the SDK's kernel was built for.
GIC = int(os.environ.get("SDK_GIC") or 2)
CORES = int(os.environ.get("SDK_CORES") or 1)
# A release kernel has no debug console: it shows nothing of what a PD prints there, such as a VMM's log.
HAS_LOG = not SDK or "debug" in CONFIG
# Where the loader's image goes on QEMU's machine.
LOAD_ADDRESS = 0x70000000
# Folders whose images are named as a user of the SDK would name them.
NAMED_LOADER = ("examples/", "test/virtio/nomsi/", "test/vswitch/")

# What a debug kernel prints by itself, in the middle of what others print.
KERNEL_MESSAGE = re.compile(r"\x1b\[0m\x1b\[1m<<\x1b\[0m\x1b\[32mseL4\(CPU \d+\).*?>>\x1b\[0m\r?\n", re.DOTALL)
KERNEL_MESSAGE_BEGIN = "\x1b[0m\x1b[1m<<"

# By a regular expression of the test's name, the first that matches: why it does not run on the SDK.
SKIPS = [
    (r"^test/(?!system/)", "needs no kernel, or brings its own: run it without MICROKIT_SDK"),
    (r"^test/system/kernel/", "is about the built-in kernel itself"),
    (r"test_native", "needs no kernel: run it without MICROKIT_SDK"),
    (r"test_console\.py|test_on_a_terminal|test_wrong_options|test_missing_packages|test_help_lists",
     "is about make run on the development machine: run it without MICROKIT_SDK"),
    (r"^test/system/boards/", "needs a board of the SDK's for each, not QEMU's virt"),
    (r"test_idle\.py", "counts the instructions of the built-in kernel's code"),
    (r"test_shell_then_power_off\[.*max,|test_features_of_each_core\[max",
     "seL4 16 halts on QEMU's core max: \"Processor does not support 4KB\""),
    (r"test_shares_while_the_other_one_spins",
     "no timer driver in that example: on seL4 a guest that waits takes its share of the core"),
    (r"several/", "measures shares by the virtual counter, which seL4 does not let a PD read"),
]
if not HAS_LOG:
    SKIPS.append((r"test_access_list|test_too_many_cpus",
                  "looks at what PDs print on the debug console: needs a configuration with debug in its name"))
    SKIPS.append((r"test_libvmm\[debug-", "a guest's step stops a kernel without CONFIG_HARDWARE_DEBUG_API"))
# Checks of bare guests that cannot pass on seL4, by the guest: docs/caveats.md, seL4, says why.
KNOWN_FAILURES = {
    "timer": {"physical timer: its interrupt comes"},
    "sysregs": {"ID_AA64PFR0_EL1: no EL2", "ID_AA64DFR0_EL1: no performance monitors",
                "a performance monitor is undefined", "a performance monitor: ESR_EL1"},
    "debug": {f"step of an {call}: {what}" for call in ("HVC", "SMC") for what in ("taken", "class", "where")},
    "smp_debug": {"debug is off at its start", "this vCPU's breakpoint is taken",
                  "this vCPU's breakpoint is not its own"},
    "gic_delivery": {"split end: another one of the same priority comes", "split end: the same one does not",
                     "split end: it comes once deactivated"},
    "inject": {"edge in service: two ends are told"},
}
# Those that its GICv3's priorities of two bits fail besides: docs/caveats.md, Interrupt controller.
KNOWN_FAILURES_GICV3 = {
    "gic_delivery": {"masked by its own priority: not taken", "mask raised: taken", "in service: running priority",
                     "nesting: running priority", "nesting: running priority after the inner one",
                     "order of priorities"},
    "inject": {"masked: not taken", "injected twice while masked: taken", "many levels at once, by priority"},
}


def is_known_failure(guest, check):
    """Whether seL4 is why a bare guest's check fails; `check` is the check's name."""
    return bool(SDK) and (check in KNOWN_FAILURES.get(guest, ()) or
                          GIC == 3 and check in KNOWN_FAILURES_GICV3.get(guest, ()))


def reason_to_skip(name):
    """Why a test does not run on the SDK; None if it does."""
    return next((reason for pattern, reason in SKIPS if re.search(pattern, name)), None)


def without_kernel_messages(text):
    """What was printed without messages of the kernel's; and its end, if a message may have begun there."""
    if not SDK:
        return text, ""
    text = KERNEL_MESSAGE.sub("", text)
    begin = text.find(KERNEL_MESSAGE_BEGIN)
    if begin < 0:
        begin = next((len(text) - length for length in range(len(KERNEL_MESSAGE_BEGIN), 0, -1)
                      if text.endswith(KERNEL_MESSAGE_BEGIN[:length])), len(text))
    return text[:begin], text[begin:]


def skip_without(gic, cores):
    """Skips the test that asks for it, on an SDK whose kernel is for another machine."""
    if SDK and gic != GIC:
        pytest.skip(f"needs a board with a GICv{gic}: {BOARD} has a GICv{GIC}")
    if SDK and cores > CORES:
        pytest.skip(f"needs {cores} cores: configuration {CONFIG} has {CORES}")


def image(path, root, build):
    """Builds the image that a test asks for, and answers its path."""
    path = pathlib.Path(path)
    inside = path.relative_to(build).as_posix()
    if inside.startswith(NAMED_LOADER):
        path = path.with_name("loader.img")
    # Tests run side by side; make does not.
    with open(build / "sdk-make.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", "-s", "DEPS=0", f"MICROKIT_SDK={SDK}", f"MICROKIT_BOARD={BOARD}",
                   f"MICROKIT_CONFIG={CONFIG}", f"BUILD={os.path.relpath(build, root)}", os.path.relpath(path, root)]
        make = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
    assert make.returncode == 0, f"{' '.join(command)}\n{make.stdout[-3000:]}"
    return path


def start_arguments(path):
    """What QEMU is told to start the image with."""
    return ["-device", f"loader,file={path},addr={LOAD_ADDRESS:#x},cpu-num=0"]
