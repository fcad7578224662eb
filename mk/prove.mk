# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Proofs with CBMC, the bounded model checker: every test/prove/X_proof.c is one, and says what it proves within which
# bounds. CBMC and CaDiCaL are the system's, or those of Debian 13, unpacked with the libraries that they need into the
# build folder. test/prove/test_prove.py runs the proofs as tests.

#@ PROOFS           prove: the proofs (default: all of test/prove)
PROOFS ?= $(sort $(patsubst test/prove/%_proof.c,%,$(wildcard test/prove/*_proof.c)))

PROVE_DEBS     := $(BUILD)/deb/trixie
PROVE_BIN      := $(PROVE_DEBS)/bin
PROVE_PROGRAMS := cbmc cadical
PROVE_PACKAGES := $(PROVE_PROGRAMS) libc6 libstdc++6 libgcc-s1 minisat
PROVE_FETCHED  := $(PROVE_PACKAGES:%=$(PROVE_DEBS)/%/.fetched)
PROVE_READY    := $(foreach program,$(PROVE_PROGRAMS),$(if $(shell command -v $(program)),,$(PROVE_BIN)/$(program)))

.PHONY: prove prove-tool prove-deps
## prove: let CBMC prove what test/prove states, for all inputs within its bounds
prove: prove-deps
	+$(Q)$(BUILD_QUIETLY) prove-tool
	$(Q)printf '%s\n' $(PROOFS:%=test/prove/%_proof.c) | xargs -n 1 -P $(JOBS) test/prove/run $(PROVE_BIN)

# CBMC has the C compiler read the sources for it.
prove-deps:
	$(Q)tools/run/deps run

prove-tool: $(PROVE_READY)

$(PROVE_FETCHED):
	@$(call step,FETCH,$(notdir $(@D)): for the model checker)
	$(Q)tools/guest/fetch-deb --suite trixie $(notdir $(@D)) $(@D)

$(PROVE_PROGRAMS:%=$(PROVE_BIN)/%): $(PROVE_FETCHED) test/prove/wrap
	$(Q)test/prove/wrap $(PROVE_DEBS) $(@F)

test-build: prove-tool
