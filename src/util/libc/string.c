/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Strings, byte by byte.
 */
#include <libvmm/util/util.h>

#include "util/libc/libc.h"

LIBC_WEAK size_t strlen(const char *string)
{
    size_t length = 0;
    while (string[length] != '\0') {
        LIBC_KEEP_LOOP();
        length++;
    }
    return length;
}

LIBC_WEAK size_t strnlen(const char *string, size_t size)
{
    size_t length = 0;
    while (length < size && string[length] != '\0') {
        LIBC_KEEP_LOOP();
        length++;
    }
    return length;
}

LIBC_WEAK int strncmp(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        LIBC_KEEP_LOOP();
        if (a[i] != b[i]) {
            return (uint8_t)a[i] < (uint8_t)b[i] ? -1 : 1;
        }
        if (a[i] == '\0') {
            break;
        }
    }
    return 0;
}

LIBC_WEAK int strcmp(const char *a, const char *b)
{
    for (; *a == *b; a++, b++) {
        LIBC_KEEP_LOOP();
        if (*a == '\0') {
            return 0;
        }
    }
    return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
}

LIBC_WEAK char *strchr(const char *string, int character)
{
    for (;; string++) {
        LIBC_KEEP_LOOP();
        if (*string == (char)character) {
            return (char *)(uintptr_t)string;
        }
        if (*string == '\0') {
            return NULL;
        }
    }
}

LIBC_WEAK char *strrchr(const char *string, int character)
{
    const char *found = NULL;
    for (;; string++) {
        LIBC_KEEP_LOOP();
        if (*string == (char)character) {
            found = string;
        }
        if (*string == '\0') {
            return (char *)(uintptr_t)found;
        }
    }
}
