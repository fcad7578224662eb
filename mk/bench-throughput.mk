# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What a byte costs a Linux guest: test/bench/throughput runs fio and iperf3 in the examples virtio and passthrough, and
# on the bare machine, in a QEMU whose plugin counts instructions.

$(call needs,PASSTHROUGH VIRTIO BENCH GUEST_KERNEL VTEST_PROGRAMS)

BENCH_THROUGHPUT       := $(BENCH)/throughput
BENCH_THROUGHPUT_FILES := $(BENCH_THROUGHPUT)/count.so $(BENCH_THROUGHPUT)/disk.img $(GUEST_KERNEL) \
    $(addprefix $(VIRTIO)/gic2-,pci/$(IMAGE_NAME) mmio/$(IMAGE_NAME)) $(PASSTHROUGH)/gic2/$(IMAGE_NAME) $(VIRTIO_INITRD)

.PHONY: bench-throughput bench-throughput-record
## bench-throughput: measure what a byte read, sent and received costs a Linux guest; takes some minutes
bench-throughput: $(BENCH_THROUGHPUT_FILES)
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/throughput table

## bench-throughput-record: the same; keep the figures in test/bench/results
bench-throughput-record: $(BENCH_THROUGHPUT_FILES)
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/throughput record

$(BENCH_THROUGHPUT)/count.so: test/bench/plugin/count.c
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -shared -fPIC -fvisibility=hidden -o $@ $<

$(BENCH_THROUGHPUT)/mark: test/bench/linux-guest/mark.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -nostdlib -static -s -Wl,--build-id=none -o $@ $<

$(BENCH_THROUGHPUT)/disk.img: $(BENCH_THROUGHPUT)/mark $(VTEST_PROGRAMS)/.ready
	@$(call step,DISK,$@)
	$(Q)rm -rf $(@D)/files && mkdir -p $(@D)/files && cp -r $< $(VTEST_PROGRAMS) $(@D)/files
	$(Q)rm -f $@.new && PATH="$$PATH:/sbin:/usr/sbin" mke2fs -q -F -t ext4 -d $(@D)/files $@.new 192M >/dev/null && \
	    mv $@.new $@
