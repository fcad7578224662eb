# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause

.PHONY: help
## help: this list
help:
	@echo 'Targets:'
	@sed -n 's/^## \([a-z-]*\): \(.*\)/\1\t\2/p' $(sort $(filter-out %.d,$(MAKEFILE_LIST))) | sort -u | \
	    while IFS="$$(printf '\t')" read -r name what; do printf '  %-10s %s\n' "$$name" "$$what"; done
	@echo 'Variables:'
	@sed -n 's/^#@ \([A-Z_0-9]*\) *\(.*\)/\1\t\2/p' mk/*.mk | \
	    while IFS="$$(printf '\t')" read -r name what; do printf '  %-16s %s\n' "$$name" "$$what"; done
