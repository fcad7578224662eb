# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What can be checked without running anything.

.PHONY: lint lint-deps lint-directions lint-text lint-layout lint-warnings format
## lint: check directions, licence headers, marks, scripts, layout, and that nothing compiles with a warning
lint: lint-text lint-layout lint-directions

lint-deps:
	$(Q)tools/run/deps lint

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

lint-directions: lint-warnings
	@$(call step,LINT,directions of includes and calls)
	$(Q)CROSS=$(CROSS) $(PYTHON) tools/lint/directions --objects $(BUILD)/lint/libvmm
	$(Q)$(PYTHON) tools/lint/circles

## format: lay out the C sources with clang-format
format:
	$(Q)tools/lint/format fix
