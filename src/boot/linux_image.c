/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Decides whether a file is a kernel that can be started as it is. [LinuxBoot 3, 4]
 *
 * The file comes from whoever builds the system. What people hand over by mistake - a compressed kernel, one that
 * unpacks itself under EFI, an ELF file - is recognised, so that the error can say what to do about it.
 *
 * Invariant: nothing is read outside of file_bytes, and the file need not be aligned.
 */
#include "boot/linux_image.h"

#include <stddef.h>

#include <libvmm/arch/aarch64/linux.h>
#include <libvmm/util/util.h>

#include "util/checked.h"
#include "util/field.h"

_Static_assert(sizeof(struct linux_image_header) == 64, "the header has 64 bytes");
_Static_assert(offsetof(struct linux_image_header, image_size) == 16, "image_size is at byte 16");
_Static_assert(offsetof(struct linux_image_header, magic) == 56, "the magic number is at byte 56");

#define LINUX_IMAGE_MAGIC 0x644d5241U /* "ARM\x64" */

/*
 * Bits 2-1 are the page size: unspecified, 4, 16 or 64 KiB. Each of them is a good value, and the core's to support.
 * Bit 3 is the placement: close to the start of memory, or anywhere within 48 bits. Where layout.c puts the kernel
 * is right for both.
 */
#define LINUX_IMAGE_FLAG_BIG_ENDIAN BIT(0)
#define LINUX_IMAGE_FLAG_PAGE_SIZE  FIELD(2, 1)
#define LINUX_IMAGE_FLAGS_RESERVED  FIELD(63, 4)

/* Kernels whose image_size is zero, those before Linux 3.17, lie here whatever their text_offset says. */
#define TEXT_OFFSET_UNSIZED 0x80000U

/* The EFI zboot header: "MZ", "zimg" at 4, the payload's place and size, and the name of its compression. */
#define ZBOOT_MAGIC_OFFSET   4
#define ZBOOT_PAYLOAD_OFFSET 8
#define ZBOOT_PAYLOAD_SIZE   12
#define ZBOOT_TYPE_OFFSET    24
#define ZBOOT_TYPE_BYTES     8

/* A file format that is not a kernel image, known by its first bytes. */
struct foreign_format {
    uint8_t length;
    uint8_t magic[9];
    const char *name;
    const char *advice;
};

static const struct foreign_format foreign_formats[] = {
    {2, {0x1f, 0x8b}, "compressed with gzip", "unpack it first: gzip -dc"},
    {6, {0xfd, '7', 'z', 'X', 'Z', 0}, "compressed with xz", "unpack it first: xz -dc"},
    {4, {0x28, 0xb5, 0x2f, 0xfd}, "compressed with zstd", "unpack it first: zstd -dc"},
    {4, {0x04, 0x22, 0x4d, 0x18}, "compressed with lz4", "unpack it first: lz4 -dc"},
    {4, {0x02, 0x21, 0x4c, 0x18}, "compressed with lz4 (legacy format)", "unpack it first: lz4 -dc"},
    {3, {'B', 'Z', 'h'}, "compressed with bzip2", "unpack it first: bzip2 -dc"},
    {3, {0x5d, 0, 0}, "compressed with lzma", "unpack it first: xz --format=lzma -dc"},
    {9, {0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a}, "compressed with lzop", "unpack it first: lzop -dc"},
    {4, {0x7f, 'E', 'L', 'F'}, "an ELF file", "use arch/arm64/boot/Image of the kernel's build, not vmlinux"},
    {4, {0x27, 0x05, 0x19, 0x56}, "wrapped for U-Boot (uImage)", "use the Image that was wrapped"},
    {4, {0xd0, 0x0d, 0xfe, 0xed}, "a device tree or a FIT image", "use the kernel's Image"},
};

static uint32_t read_le32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool starts_with(const uint8_t *bytes, const uint8_t *prefix, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != prefix[i]) {
            return false;
        }
    }
    return true;
}

/* The name of the payload's compression as a string: the file is not trusted to end it. */
static void zboot_type(const uint8_t *file, char type[ZBOOT_TYPE_BYTES + 1])
{
    size_t length = 0;

    while (length < ZBOOT_TYPE_BYTES) {
        char c = (char)file[ZBOOT_TYPE_OFFSET + length];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) {
            break;
        }
        type[length++] = c;
    }
    type[length] = '\0';
}

/* Says what the file is instead, where that is known. */
static void log_not_an_image(const uint8_t *file, uint32_t magic)
{
    static const uint8_t zboot_magic[] = {'z', 'i', 'm', 'g'};

    if (file[0] == 'M' && file[1] == 'Z' && starts_with(file + ZBOOT_MAGIC_OFFSET, zboot_magic, sizeof zboot_magic)) {
        char type[ZBOOT_TYPE_BYTES + 1];
        zboot_type(file, type);
        LOG_VMM_ERR("kernel is an EFI zboot image, which unpacks itself only under EFI: take its payload, %u bytes at "
                    "offset %u, and unpack that first (%s)\n",
                    read_le32(file + ZBOOT_PAYLOAD_SIZE), read_le32(file + ZBOOT_PAYLOAD_OFFSET), type);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(foreign_formats); i++) {
        const struct foreign_format *format = &foreign_formats[i];
        if (starts_with(file, format->magic, format->length)) {
            LOG_VMM_ERR("kernel is %s: %s\n", format->name, format->advice);
            return;
        }
    }
    LOG_VMM_ERR("kernel is not an arm64 Linux image: magic number is 0x%x and should be 0x%x\n", magic,
                LINUX_IMAGE_MAGIC);
}

static bool are_flags_good(uint64_t flags)
{
    if ((flags & LINUX_IMAGE_FLAG_BIG_ENDIAN) != 0) {
        LOG_VMM_ERR("kernel is big-endian (flags 0x%lx): only little-endian guests are supported\n", flags);
        return false;
    }
    if (field_get(LINUX_IMAGE_FLAGS_RESERVED, flags) != 0) {
        LOG_VMM_ERR("kernel's flags 0x%lx have bits set that are reserved: only bits 0 to 3 are defined\n", flags);
        return false;
    }
    return true;
}

/* image_size says how much memory the kernel needs: the file, then what it zeroes and builds itself. */
static void decode_sized(const struct linux_image_header *header, struct linux_image *image)
{
    image->is_sized = true;
    image->text_offset = header->text_offset;
    image->memory_bytes = MAX(header->image_size, image->file_bytes);
}

static void decode_unsized(struct linux_image *image)
{
    image->is_sized = false;
    image->text_offset = TEXT_OFFSET_UNSIZED;
    image->memory_bytes = image->file_bytes;
}

enum result linux_image_decode(const void *file, uint64_t file_bytes, struct linux_image *image)
{
    struct linux_image_header header;

    if (file_bytes < sizeof header) {
        LOG_VMM_ERR("kernel has 0x%lx bytes: an image has at least 0x%lx\n", file_bytes, (uint64_t)sizeof header);
        return RESULT_INVALID;
    }
    memcpy(&header, file, sizeof header);
    if (header.magic != LINUX_IMAGE_MAGIC) {
        log_not_an_image(file, header.magic);
        return RESULT_INVALID;
    }
    if (!are_flags_good(header.flags)) {
        return RESULT_INVALID;
    }

    static const uint8_t page_kib[] = {0, 4, 16, 64};
    image->page_kib = page_kib[field_get(LINUX_IMAGE_FLAG_PAGE_SIZE, header.flags)];
    image->file_bytes = file_bytes;
    if (header.image_size != 0) {
        decode_sized(&header, image);
    } else {
        decode_unsized(image);
    }
    if (!is_aligned(image->text_offset, sizeof(uint32_t))) {
        LOG_VMM_ERR("kernel's text_offset 0x%lx is not a multiple of 4\n", image->text_offset);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}
