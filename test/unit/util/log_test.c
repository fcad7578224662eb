/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

#include "fake_microkit.h"
#include "unit.h"

#include <libvmm/util/util.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_lines(void **state)
{
    (void)state;
    fake_microkit_reset();
    LOG_VMM("hello %d\n", 5);
    LOG_VMM_ERR("bad 0x%lx\n", 0x10UL);
    assert_string_equal(fake.log, "FAKE|INFO: hello 5\nFAKE|ERROR: bad 0x10\n");
}

static void test_name_without_end(void **state)
{
    (void)state;
    fake_microkit_reset();
    memset(microkit_name, 'N', sizeof microkit_name);
    LOG_VMM("x\n");
    assert_int_equal(fake.log_bytes, sizeof microkit_name + strlen("|INFO: x\n"));
}

static void test_assertion_stops(void **state)
{
    (void)state;
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGILL, SIG_DFL);
        util_assert_failed("a == b", "file.c", 1, "function");
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_name_without_end),
        cmocka_unit_test(test_assertion_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
