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

static struct {
    char text[600];
    unsigned calls;
    bool is_full;
} output;

static bool take_line(void *cookie, const char *line, size_t length)
{
    assert_ptr_equal(cookie, &output);
    output.calls++;
    if (output.is_full) {
        LOG_VMM_ERR("no room\n");
        return false;
    }
    strncat(output.text, line, length);
    return true;
}

static void reset_output(void)
{
    fake_microkit_reset();
    memset(&output, 0, sizeof output);
    log_set_output(take_line, &output);
}

static void test_output(void **state)
{
    (void)state;
    char text[301];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    reset_output();
    LOG_VMM("hello %d\n", 5);
    assert_int_equal(output.calls, 1);
    assert_string_equal(output.text, "FAKE|INFO: hello 5\n");
    LOG_VMM("%s\n", text);
    assert_int_equal(output.calls, 3);
    assert_int_equal(strlen(output.text), strlen("FAKE|INFO: hello 5\n"
                                                 "FAKE|INFO: \n") +
                                              strlen(text));
    assert_string_equal(fake.log, "");
    log_set_output(NULL, NULL);
    LOG_VMM("bye\n");
    assert_string_equal(fake.log, "FAKE|INFO: bye\n");
}

/* No line is lost, and what the output itself logs does not come back to it. */
static void test_output_that_is_full(void **state)
{
    (void)state;
    reset_output();
    output.is_full = true;
    LOG_VMM("hello\n");
    assert_int_equal(output.calls, 1);
    assert_string_equal(fake.log, "FAKE|ERROR: no room\nFAKE|INFO: hello\n");
    log_set_output(NULL, NULL);
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
        cmocka_unit_test(test_lines),           cmocka_unit_test(test_name_without_end),
        cmocka_unit_test(test_output),          cmocka_unit_test(test_output_that_is_full),
        cmocka_unit_test(test_assertion_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
