# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What it costs to show what a native component draws: test/bench/kitty runs the example kitty in a QEMU whose plugin
# counts instructions.

BENCH_KITTY_FILES := $(BENCH_THROUGHPUT)/count.so $(KITTY)/gic2/$(IMAGE_NAME) $(KITTY)/disk.img

.PHONY: bench-kitty bench-kitty-record bench-kitty-try
## bench-kitty: measure what it costs to show a digit and a screen that the till of the example kitty draws
bench-kitty: $(BENCH_KITTY_FILES)
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/kitty table

## bench-kitty-record: the same; keep the figures in test/bench/results
bench-kitty-record: $(BENCH_KITTY_FILES)
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/kitty record

bench-kitty-try: $(BENCH_KITTY_FILES)
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/kitty try

# A part of "make bench". On the SDK, that is only what an exit costs.
ifndef MICROKIT_SDK
bench: bench-kitty-try
endif
