# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What examples have to know of QEMU's "virt" machine. A board's file says
#   BOARD_GICS      which interrupt controllers it has (GIC=), the default first
#   BOARD_CORES     how many cores it has
#   BOARD_CPU       what cores they are, where there is no choice (CPU=)
#   BOARD_UART      address and interrupt of the UART that guests may have
#   BOARD_GICV      address of the GICv2's virtual CPU interface
#   BOARD_MACHINE   arguments of QEMU for the machine, which may depend on GIC, CPU (RUN_CPU) and cores (RUN_SMP)
#   BOARD_DTB       its device tree in Debian's kernel package, for tools/board/pass
#   BOARD_SAYS      what it is, for the line at the start
# and its folder has serial.dtsi, the node of that UART in a guest's device tree.
BOARD_GICS    ?= 2 3
BOARD_CORES   := 8
BOARD_UART    := 0x9000000 33
BOARD_GICV    := 0x8040000
BOARD_MACHINE  = -machine virt,virtualization=on,gic-version=$(GIC) -cpu $(RUN_CPU) -m 2G $(RUN_SMP)
BOARD_SAYS     = $(CPU) with GICv$(GIC)

# QEMU's arguments for the devices, each on a transport whose page no other device is on.
QEMU_VIRTIO := -global virtio-mmio.force-legacy=false
QEMU_NET    := -netdev user,id=net -device virtio-net-device,netdev=net,bus=virtio-mmio-bus.8
QEMU_RNG    := -device virtio-rng-device,bus=virtio-mmio-bus.16
qemu_disk    = -drive if=none,id=disk,format=raw,file=$(1) -device virtio-blk-device,drive=disk,bus=virtio-mmio-bus.0
