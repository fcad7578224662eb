/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Log, assertions and the few C functions that a freestanding VMM needs.
 *
 * The library brings its own versions of the C functions declared here, as weak symbols: a C library or functions of
 * the VMM's own win.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microkit.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The vCPU id of a guest with one vCPU. */
#define GUEST_VCPU_ID 0

#ifndef ARRAY_SIZE
/** Number of elements of an array; not for pointers. */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

#ifndef MIN
/** The smaller of two values. Evaluates one of them twice: no calls, nothing that another can change meanwhile. */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#endif

#ifndef MAX
/** The larger of two values. Evaluates one of them twice: no calls, nothing that another can change meanwhile. */
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#endif

/** Writes a line to the log, after the PD's name. Arguments and conversions are printf's; ends with a newline. */
#define LOG_VMM(...) util_log("INFO", __VA_ARGS__)

/** Writes an error to the log, after the PD's name. Arguments and conversions are printf's; ends with a newline. */
#define LOG_VMM_ERR(...) util_log("ERROR", __VA_ARGS__)

/** What LOG_VMM and LOG_VMM_ERR call: writes `NAME|level: ` and the formatted text to the log. */
void util_log(const char *level, const char *format, ...) __attribute__((__cold__, __format__(__printf__, 2, 3)));

/**
 * Where lines of the log go.
 *
 * @param line    characters of one line, the line feed at its end included; a line of more than 256 comes in pieces.
 * @param length  how many, at least 1.
 * @return whether they are taken, all of them. Otherwise the debug console gets them.
 */
typedef bool (*log_output_t)(void *cookie, const char *line, size_t length);

/**
 * Sends the lines of the log elsewhere than to the kernel's debug console, where they can break into lines of others,
 * and which kernels built for release do not have. virtio_console_log is such an output.
 *
 * @param output  NULL: the debug console.
 */
void log_set_output(log_output_t output, void *cookie);

/**
 * Writes formatted text to the debug console.
 *
 * Conversions: %d %i %u %x %X %o %c %s %p %%, with the lengths hh h l ll z j t, flags `-`, `0`, `+`, space and `#`,
 * a width and a precision, both of which may be `*`. Floating point and %n are not supported: printed as written.
 *
 * @return the number of characters written.
 */
int printf(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
int vprintf(const char *format, va_list args);

/**
 * Writes formatted text to memory, always ended with a zero unless size is 0.
 *
 * @return the number of characters that the whole text has.
 */
int snprintf(char *buffer, size_t size, const char *format, ...) __attribute__((__format__(__printf__, 3, 4)));
int vsnprintf(char *buffer, size_t size, const char *format, va_list args);

int puts(const char *string);
int putchar(int character);

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *memory, int value, size_t size);
size_t strlen(const char *string);
size_t strnlen(const char *string, size_t size);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *string, int character);
char *strrchr(const char *string, int character);

/** What a failed assertion ends in: writes where it stands, then stops the PD. */
_Noreturn void util_assert_failed(const char *expression, const char *file, int line, const char *function);

#ifndef assert
/** Stops the PD when an expression is false; NDEBUG removes the check. No side effects inside. */
#ifdef NDEBUG
#define assert(expression) ((void)0)
#else
#define assert(expression) ((expression) ? (void)0 : util_assert_failed(#expression, __FILE__, __LINE__, __func__))
#endif
#endif

#ifdef __cplusplus
}
#endif
