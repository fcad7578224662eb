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

SDK = os.environ.get("MICROKIT_SDK")
BOARD = os.environ.get("MICROKIT_BOARD", "")
CONFIG = os.environ.get("MICROKIT_CONFIG", "")
# The version of the interrupt controller, and the cores, that the SDK's kernel was built for.
GIC = int(os.environ.get("SDK_GIC") or 2)
CORES = int(os.environ.get("SDK_CORES") or 1)
# Where the loader's image goes on QEMU's machine.
LOAD_ADDRESS = 0x70000000
# Folders whose images are named as a user of the SDK would name them.
NAMED_LOADER = ("examples/", "test/virtio/nomsi/")

# By a regular expression of the test's name, the first that matches: why it does not run on the SDK.
SKIPS = [
    (r"^test/(?!system/)", "needs no kernel, or brings its own: run it without MICROKIT_SDK"),
    (r"^test/system/kernel/", "is about the built-in kernel itself"),
    (r"test_native", "needs no kernel: run it without MICROKIT_SDK"),
    (r"test_console\.py|test_on_a_terminal|test_wrong_options|test_missing_packages|test_help_lists",
     "is about make run on the development machine: run it without MICROKIT_SDK"),
    (r"test_idle\.py", "counts the instructions of the built-in kernel's code"),
    (r"several/", "measures shares by the virtual counter, which seL4 does not let a PD read"),
]
# What seL4's GICv3 list registers cannot do: see docs/caveats.md.
V3_PRIORITY = "priorities of a GICv3 guest have two bits on seL4: the kernel takes 0 to 31 for a field of eight bits"
V3_PRIORITY_GUESTS = ("gic_delivery", "inject")
# Checks of bare guests that cannot pass on seL4, by the guest: docs/caveats.md, seL4, says why.
KNOWN_FAILURES = {
    "timer": {"physical timer: its interrupt comes"},
    "gic_delivery": {"split end: another one of the same priority comes", "split end: the same one does not",
                     "split end: it comes once deactivated"},
}


def is_known_failure(guest, check):
    """Whether seL4 is why a bare guest's check fails; `check` is the check's name."""
    return bool(SDK) and check in KNOWN_FAILURES.get(guest, ())


def gic_of(name, parameters):
    """The version of the interrupt controller that a test is for; None: any."""
    if "gic" in parameters:
        return parameters["gic"]
    found = re.search(r"gic([23])", str(parameters.get("variant", "")) + str(parameters.get("folder", "")) +
                      str(parameters.get("image", "")) + name.split("[")[0])
    return int(found[1]) if found else None


def cores_of(parameters):
    """How many cores a test wants; a bare guest of several vCPUs has them on one."""
    return int(parameters.get("cores", 1))


def reason_to_skip(name, parameters):
    """Why a test does not run on the SDK; None if it does."""
    for pattern, reason in SKIPS:
        if re.search(pattern, name):
            return reason
    gic = gic_of(name, parameters)
    if gic not in (None, GIC):
        return f"needs a board with a GICv{gic}: {BOARD} has a GICv{GIC}"
    if cores_of(parameters) > CORES:
        return f"needs {cores_of(parameters)} cores: configuration {CONFIG} has {CORES}"
    if GIC == 3 and parameters.get("name") in V3_PRIORITY_GUESTS:
        return V3_PRIORITY
    return None


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
