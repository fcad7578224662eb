# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What can be checked without running anything.

.PHONY: lint lint-deps lint-includes lint-text lint-layout lint-warnings format
## lint: check include directions, licence headers, marks, scripts, layout, and that nothing compiles with a warning
lint: lint-includes lint-text lint-layout lint-warnings

lint-deps:
	$(Q)tools/run/deps lint

lint-includes: | lint-deps
	@$(call step,LINT,include directions)
	$(Q)$(PYTHON) tools/lint/includes
	$(Q)$(PYTHON) tools/lint/circles

lint-text: | lint-deps
	@$(call step,LINT,text of every source file)
	$(Q)$(PYTHON) tools/lint/text

lint-layout: | lint-deps
	@$(call step,LINT,layout)
	$(Q)tools/lint/format check

# Apart from the other build, whose warnings are no errors.
lint-warnings: $(LIBVMM_LIBFDT_READY)
	@$(call step,LINT,warnings of the compilers)
	+$(Q)$(BUILD_QUIETLY) BUILD=$(BUILD)/lint LIBFDT=$(LIBFDT) WERROR=1 $(BUILD)/lint/libvmm.a kernel tools drivers

## format: lay out the C sources with clang-format
format:
	$(Q)tools/lint/format fix
