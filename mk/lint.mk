# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What can be checked without running anything.

.PHONY: lint lint-deps lint-includes lint-text lint-layout format
## lint: check include directions, licence headers, marks, scripts and layout
lint: lint-includes lint-text lint-layout

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

## format: lay out the C sources with clang-format
format:
	$(Q)tools/lint/format fix
