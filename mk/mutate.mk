# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Mutation testing of src/ by the unit tests: see test/mutate/mutate. The tests run without sanitizers first, which is
# quick, and with them on what has survived that.

#@ MUTANTS          mutate: regular expression of the mutations to run, as the report has them (default: all)
MUTANTS ?= .

MUTATE_DIR := $(BUILD)/mutate
# What only the target can compile.
MUTATE_LEFT_OUT := /cache\.c$$|/reset_stub_code\.c$$

.PHONY: mutate
## mutate: change src/ in thousands of ways, one at a time, and report which ones no unit test notices (an hour)
mutate:
	$(Q)tools/run/deps run test
	$(Q)test/mutate/mutate $(MUTATE_DIR) make '$(MUTATE_LEFT_OUT)'
	$(Q)for kind in plain checked; do \
	    $(MAKE) -s -C $(MUTATE_DIR)/tree BUILD=$(abspath $(MUTATE_DIR))/$$kind \
	        UNIT_EXTRA_CFLAGS="-w $$(test $$kind = checked || echo -fno-sanitize=all)" unit-tests || exit; \
	    test/mutate/mutate $(MUTATE_DIR) $$(test $$kind = checked && echo again || echo run) $$kind $(JOBS) \
	        '$(MUTANTS)' || exit; done
