# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages of the development machine.

#@ DEPS             DEPS=0: name missing Debian packages and fail, instead of installing them
DEPS ?= 1
export DEPS

.PHONY: deps deps-run
## deps: install the Debian packages that building, testing and linting need (DEPS=0: only name them)
deps:
	$(Q)tools/run/deps run test lint

deps-run:
	$(Q)tools/run/deps run
