# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Line coverage of src/ by the unit tests, with lcov: the unit tests once more, built without optimisation and counting.
# Not counted is what only the target can compile (UNIT_TARGET_SRCS); src/util/libc is, where its tests include it.

#@ COVERAGE_MIN     coverage: per cent of the lines of src/ that unit tests must reach (default: 95)
COVERAGE_MIN ?= 95

COVERAGE_DIR := $(BUILD)/coverage

.PHONY: coverage coverage-deps
## coverage: run the unit tests, report which lines of src/ they reach, and fail below COVERAGE_MIN per cent
coverage: coverage-deps
	$(Q)$(MAKE) -s STEPS=$(STEPS) UNIT_DIR=$(COVERAGE_DIR) UNIT_EXTRA_CFLAGS='-O0 --coverage' unit-tests
	$(Q)find $(COVERAGE_DIR) -name '*.gcda' -delete
	$(Q)LIBVMM_UNIT_DIR=$(COVERAGE_DIR) LIBVMM_MODEL_STEPS=20000 $(PYTHON) \
	    -m pytest -q -p no:cacheprovider test/unit/test_unit.py
	$(Q)$(PYTHON) test/unit/coverage $(COVERAGE_DIR) $(COVERAGE_MIN)

coverage-deps:
	$(Q)tools/run/deps run test coverage
