/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Function identifiers are those of SMCCC 2.5. PSCI and whatever else runs
 * the caller's code, or shares memory, above the kernel is of the standard
 * secure services, which cannot be had.
 */
#include "firmware.h"
#include "number.h"

#include <inttypes.h>
#include <string.h>

#define FUNCTION_FAST       UINT64_C(0x80000000)
#define FUNCTION_OWNER(id)  ((id) >> 24 & 0x3f)
#define FUNCTION_FIXED_MASK UINT64_C(0xbf000000) /* fast call, and owner */

enum function_owner {
    OWNER_ARCH = 0,
    OWNER_SIP = 2,
    OWNER_OEM = 3,
};

static bool is_allowed(uint64_t id)
{
    uint64_t owner = FUNCTION_OWNER(id);
    return id <= UINT32_MAX && (id & FUNCTION_FAST) != 0 &&
           (owner == OWNER_ARCH || owner == OWNER_SIP || owner == OWNER_OEM);
}

static struct pd *find_pd(const struct system *system, const char *name)
{
    struct pd *pd;

    SYSTEM_FOR_EACH_PD(system, pd)
    {
        if (strcmp(pd->name, name) == 0) {
            return pd;
        }
    }
    return NULL;
}

/* Cuts `text` at the first `separator`; what follows it, or NULL. */
static char *cut(char *text, char separator)
{
    char *at = strchr(text, separator);

    if (at == NULL) {
        return NULL;
    }
    *at = '\0';
    return at + 1;
}

static void parse_one(struct tool *tool, struct system *system, const char *option)
{
    struct place place = {arena_print(&tool->arena, "--smc %s", option), 0};
    char *name = arena_print(&tool->arena, "%s", option);
    char *first_text = cut(name, '=');
    char *last_text = first_text == NULL ? NULL : cut(first_text, '-');
    uint64_t first, last;

    if (first_text == NULL || !number_parse(first_text, &first) ||
        !number_parse(last_text == NULL ? first_text : last_text, &last)) {
        diag_error(&tool->diag, place, "must be PD=FIRST or PD=FIRST-LAST, with function identifiers as numbers");
        return;
    }
    struct pd *pd = find_pd(system, name);
    if (pd == NULL) {
        diag_error(&tool->diag, place, "there is no protection_domain \"%s\"", name);
    } else if (!pd->may_smc) {
        diag_error(&tool->diag, place, "protection_domain \"%s\" has no smc=\"true\"", name);
    } else if (!is_allowed(first) || last < first || last > UINT32_MAX || ((first ^ last) & FUNCTION_FIXED_MASK) != 0) {
        diag_error(&tool->diag, place,
                   "0x%" PRIx64 " to 0x%" PRIx64 " must be fast calls of one service, which is the Arm architecture's"
                   " (0x80000000), the silicon provider's (0x82000000) or the OEM's (0x83000000)",
                   first, last);
    } else {
        struct smc *smc = arena_alloc(&tool->arena, sizeof(*smc));
        *smc = (struct smc){system->smcs, pd, (uint32_t)first, (uint32_t)last};
        system->smcs = smc;
        system->smc_count++;
    }
}

enum result firmware_parse(struct tool *tool, struct system *system)
{
    for (size_t i = tool->options->smc_count; i > 0; i--) {
        parse_one(tool, system, tool->options->smcs[i - 1]);
    }
    return diag_result(&tool->diag);
}
