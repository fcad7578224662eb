/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Shows the region of region.h on this machine's screen. A program of the Linux guest; it reaches the region through
 * UIO: /dev/uio0 has the region as its first map and the doorbell as its second, and reading it waits for an interrupt.
 *
 * The screen is /dev/fb0, where the kernel emulates one, otherwise a dumb buffer of /dev/dri/card0. The first one is
 * written to by write(), which tells the kernel what has changed; it copies through two buffers of its own. The second
 * one is memory of the device's.
 *
 * What /dev/input/event* say goes to the other side as it is.
 *
 * Without a C library; Linux's system calls on AArch64 from include/uapi/asm-generic/unistd.h, and the structures of
 * include/uapi: linux/fb.h, linux/kd.h, linux/input.h, drm/drm_mode.h.
 */
#include <stdbool.h>
#include <stddef.h>

#include "region.h"

#define PAGE_BYTES      4096
#define AT_FDCWD        (-100)
#define O_RDWR          2
#define PROT_READ_WRITE 3
#define MAP_SHARED      1

#define SYS_IOCTL      29
#define SYS_OPENAT     56
#define SYS_READ       63
#define SYS_WRITE      64
#define SYS_PWRITE64   68
#define SYS_PPOLL      73
#define SYS_EXIT_GROUP 94
#define SYS_MMAP       222

#define KDSETMODE   0x4b3a
#define KD_GRAPHICS 1

#define FBIOGET_VSCREENINFO 0x4600
#define FBIOGET_FSCREENINFO 0x4602

#define DRM_MODE_GETRESOURCES 0xc04064a0
#define DRM_MODE_SETCRTC      0xc06864a2
#define DRM_MODE_GETCONNECTOR 0xc05064a7
#define DRM_MODE_ADDFB        0xc01c64ae
#define DRM_MODE_DIRTYFB      0xc01864b1
#define DRM_MODE_CREATE_DUMB  0xc02064b2
#define DRM_MODE_MAP_DUMB     0xc01064b3
#define DRM_COUNT_MAX         16
#define DRM_DEPTH             24

#define POLLIN      1
#define INPUT_COUNT 3 /* devices: a keyboard, a pointer, and one more */
#define EVENT_COUNT 16

struct poll {
    int32_t file;
    int16_t wanted;
    int16_t found;
};

struct input_event {
    uint64_t seconds, microseconds;
    uint16_t type;
    uint16_t code;
    uint32_t value;
};

struct fb_variable {
    uint32_t xres, yres;
    uint32_t unused0[4];
    uint32_t bits_per_pixel;
    uint32_t unused1[33];
};

struct fb_fixed {
    uint8_t unused0[48];
    uint32_t line_length;
    uint8_t unused1[28];
};

struct drm_resources {
    uint64_t fbs, crtcs, connectors, encoders;
    uint32_t fb_count, crtc_count, connector_count, encoder_count;
    uint32_t unused[4];
};

struct drm_mode {
    uint32_t clock;
    uint16_t hdisplay, hsync_start, hsync_end, htotal, hskew;
    uint16_t vdisplay, vsync_start, vsync_end, vtotal, vscan;
    uint32_t vrefresh, flags, type;
    char name[32];
};

struct drm_connector {
    uint64_t encoders, modes, properties, values;
    uint32_t mode_count, property_count, encoder_count;
    uint32_t encoder, connector;
    uint32_t unused[7];
};

struct drm_crtc {
    uint64_t connectors;
    uint32_t connector_count, crtc, fb, x, y, gamma_size, has_mode;
    struct drm_mode mode;
};

struct drm_fb {
    uint32_t fb, width, height, pitch, bits_per_pixel, depth, handle;
};

struct drm_dumb {
    uint32_t height, width, bits_per_pixel, flags;
    uint32_t handle, pitch;
    uint64_t size;
};

struct drm_map {
    uint32_t handle, unused;
    uint64_t offset;
};

struct drm_clip {
    uint16_t x, y, x_end, y_end;
};

struct drm_dirty {
    uint32_t fb, flags, colour, clip_count;
    uint64_t clips;
};

_Static_assert(sizeof(struct poll) == 8 && sizeof(struct input_event) == 24, "linux/poll.h, linux/input.h");
_Static_assert(sizeof(struct fb_variable) == 160 && sizeof(struct fb_fixed) == 80, "linux/fb.h");
_Static_assert(sizeof(struct drm_resources) == 64 && sizeof(struct drm_connector) == 80, "drm/drm_mode.h");
_Static_assert(sizeof(struct drm_crtc) == 104 && sizeof(struct drm_dumb) == 32, "drm/drm_mode.h");

static struct {
    long file;
    uint32_t width, height;
    uint64_t line_bytes;
    uint8_t *memory; /* NULL: the screen is written to by write() */
    uint32_t fb;     /* of DRM */
} screen;

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}

/* The compiler calls it to copy structures. */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
    return to;
}

static long open_file(const char *path)
{
    return call6(SYS_OPENAT, AT_FDCWD, (long)path, O_RDWR, 0, 0, 0);
}

static long control(long file, unsigned long request, void *argument)
{
    return call6(SYS_IOCTL, file, (long)request, (long)argument, 0, 0, 0);
}

static long map(long file, uint64_t bytes, uint64_t offset)
{
    return call6(SYS_MMAP, 0, (long)bytes, PROT_READ_WRITE, MAP_SHARED, file, (long)offset);
}

static void say(const char *message)
{
    size_t length = 0;
    while (message[length] != '\0') {
        length++;
    }
    call6(SYS_WRITE, 2, (long)message, (long)length, 0, 0, 0);
}

/* Ends the program if `result` is an error of Linux. */
static long must(long result, const char *message)
{
    while (result < 0) {
        say(message);
        call6(SYS_EXIT_GROUP, 1, 0, 0, 0, 0, 0);
    }
    return result;
}

/* The kernel's text console must not draw on the same screen. */
static bool open_fb(void)
{
    struct fb_variable variable;
    struct fb_fixed fixed;
    screen.file = open_file("/dev/fb0");
    if (screen.file < 0 || control(screen.file, FBIOGET_VSCREENINFO, &variable) < 0 ||
        control(screen.file, FBIOGET_FSCREENINFO, &fixed) < 0 || variable.bits_per_pixel != REGION_BITS_PER_PIXEL) {
        return false;
    }
    const long terminal = open_file("/dev/tty0");
    if (terminal >= 0) {
        (void)call6(SYS_IOCTL, terminal, KDSETMODE, KD_GRAPHICS, 0, 0, 0);
    }
    screen.width = variable.xres;
    screen.height = variable.yres;
    screen.line_bytes = fixed.line_length;
    return true;
}

/* The first connector's preferred mode, which is its first one, on the first CRTC. */
static void open_drm(void)
{
    static uint32_t crtcs[DRM_COUNT_MAX], connectors[DRM_COUNT_MAX];
    static struct drm_mode modes[128];
    struct drm_resources resources = {.crtcs = (uint64_t)crtcs,
                                      .crtc_count = DRM_COUNT_MAX,
                                      .connectors = (uint64_t)connectors,
                                      .connector_count = DRM_COUNT_MAX};
    screen.file = must(open_file("/dev/dri/card0"), "paint: neither /dev/fb0 nor /dev/dri/card0\n");
    must(control(screen.file, DRM_MODE_GETRESOURCES, &resources), "paint: no resources of DRM\n");
    struct drm_connector connector = {
        .connector = connectors[0], .modes = (uint64_t)modes, .mode_count = sizeof(modes) / sizeof(modes[0])};
    must(control(screen.file, DRM_MODE_GETCONNECTOR, &connector), "paint: no connector\n");
    must(connector.mode_count == 0 ? -1 : 0, "paint: the connector has no mode\n");

    struct drm_dumb dumb = {
        .width = modes[0].hdisplay, .height = modes[0].vdisplay, .bits_per_pixel = REGION_BITS_PER_PIXEL};
    must(control(screen.file, DRM_MODE_CREATE_DUMB, &dumb), "paint: no buffer\n");
    struct drm_fb fb = {.width = dumb.width,
                        .height = dumb.height,
                        .pitch = dumb.pitch,
                        .depth = DRM_DEPTH,
                        .bits_per_pixel = REGION_BITS_PER_PIXEL,
                        .handle = dumb.handle};
    must(control(screen.file, DRM_MODE_ADDFB, &fb), "paint: no frame buffer\n");
    struct drm_map place = {.handle = dumb.handle};
    must(control(screen.file, DRM_MODE_MAP_DUMB, &place), "paint: the buffer cannot be mapped\n");
    screen.memory = (uint8_t *)must(map(screen.file, dumb.size, place.offset), "paint: the buffer cannot be mapped\n");
    struct drm_crtc crtc = {.connectors = (uint64_t)connectors,
                            .connector_count = 1,
                            .crtc = crtcs[0],
                            .fb = fb.fb,
                            .has_mode = 1,
                            .mode = modes[0]};
    must(control(screen.file, DRM_MODE_SETCRTC, &crtc), "paint: the mode cannot be set\n");
    screen.width = dumb.width;
    screen.height = dumb.height;
    screen.line_bytes = dumb.pitch;
    screen.fb = fb.fb;
}

/* Pairs of words need no more than a word's alignment, in device memory too. */
static void copy_pixels(uint32_t *to, const uint32_t *from, uint32_t count)
{
    for (; count >= 8; count -= 8) {
        uint64_t a, b, c, d, e, f, g, h;
        __asm__ volatile("ldp %w2, %w3, [%1]\n ldp %w4, %w5, [%1, #8]\n"
                         "ldp %w6, %w7, [%1, #16]\n ldp %w8, %w9, [%1, #24]\n"
                         "stp %w2, %w3, [%0]\n stp %w4, %w5, [%0, #8]\n"
                         "stp %w6, %w7, [%0, #16]\n stp %w8, %w9, [%0, #24]\n"
                         "add %0, %0, #32\n add %1, %1, #32"
                         : "+r"(to), "+r"(from), "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d), "=&r"(e), "=&r"(f), "=&r"(g),
                           "=&r"(h)
                         :
                         : "memory");
    }
    for (; count != 0; count--) {
        *to++ = *from++;
    }
}

static void write_pixels(const uint32_t *pixels, struct region_rect rect)
{
    const uint64_t offset = rect.y * screen.line_bytes + rect.x * sizeof(*pixels);
    must(call6(SYS_PWRITE64, screen.file, (long)(pixels + (uint64_t)rect.y * screen.width + rect.x),
               (long)(rect.width * rect.height * sizeof(*pixels)), (long)offset, 0, 0),
         "paint: /dev/fb0 cannot be written\n");
}

/*
 * Whole lines, although only a part of them has changed, if they need but one call: after each call a worker of the
 * kernel passes the changes on to the device, which costs more than some thousand pixels do.
 */
static uint32_t show_by_write(const uint32_t *pixels, struct region_rect rect)
{
    if (screen.line_bytes == screen.width * sizeof(*pixels)) {
        write_pixels(pixels, (struct region_rect){0, rect.y, (uint16_t)screen.width, rect.height});
        return screen.width * rect.height;
    }
    for (uint16_t row = 0; row < rect.height; row++) {
        write_pixels(pixels, (struct region_rect){rect.x, (uint16_t)(rect.y + row), rect.width, 1});
    }
    return (uint32_t)rect.width * rect.height;
}

static uint32_t show_by_memory(const uint32_t *pixels, struct region_rect rect)
{
    for (uint32_t y = rect.y; y < (uint32_t)rect.y + rect.height; y++) {
        copy_pixels((uint32_t *)(screen.memory + y * screen.line_bytes) + rect.x,
                    pixels + (uint64_t)y * screen.width + rect.x, rect.width);
    }
    struct drm_clip clip = {rect.x, rect.y, (uint16_t)(rect.x + rect.width), (uint16_t)(rect.y + rect.height)};
    struct drm_dirty dirty = {.fb = screen.fb, .clip_count = 1, .clips = (uint64_t)&clip};
    must(control(screen.file, DRM_MODE_DIRTYFB, &dirty), "paint: the buffer cannot be shown\n");
    return (uint32_t)rect.width * rect.height;
}

/* Answers how many pixels it has copied. */
static uint32_t show(const uint32_t *pixels, struct region_rect rect)
{
    return screen.memory == NULL ? show_by_write(pixels, rect) : show_by_memory(pixels, rect);
}

static volatile struct region_extension *extension_of(void *region)
{
    return (volatile struct region_extension *)((uint8_t *)region + REGION_EXTENSION_OFFSET);
}

static void announce(void *region, volatile uint32_t *doorbell)
{
    volatile struct region_extension *extension = extension_of(region);
    volatile struct region_header *header = region;
    if (REGION_PIXELS_OFFSET + (uint64_t)screen.width * screen.height * sizeof(uint32_t) <= REGION_EXTENSION_OFFSET) {
        extension->display.damage_taken = extension->native.damage_put;
        extension->display.session++;
        extension->display.version = REGION_VERSION;
        extension->display.magic = REGION_MAGIC;
    }
    header->xres = screen.width;
    header->yres = screen.height;
    header->bits_per_pixel = REGION_BITS_PER_PIXEL;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    *doorbell = 1;
}

static bool is_on_screen(struct region_rect rect)
{
    return rect.x < screen.width && rect.y < screen.height && rect.width <= screen.width - rect.x &&
           rect.height <= screen.height - rect.y;
}

/* Copies what has changed; everything, if the other side does not say what. */
static void update(void *region)
{
    volatile struct region_extension *extension = extension_of(region);
    const uint32_t *pixels = (const uint32_t *)((uint8_t *)region + REGION_PIXELS_OFFSET);
    if (extension->display.magic != REGION_MAGIC || extension->native.magic != REGION_MAGIC) {
        show(pixels, (struct region_rect){0, 0, (uint16_t)screen.width, (uint16_t)screen.height});
        return;
    }
    uint32_t taken = extension->display.damage_taken;
    while (taken != __atomic_load_n(&extension->native.damage_put, __ATOMIC_ACQUIRE)) {
        const volatile struct region_rect *entry = &extension->native.damage[taken % REGION_DAMAGE_COUNT];
        const struct region_rect rect = {entry->x, entry->y, entry->width, entry->height};
        if (is_on_screen(rect)) {
            extension->display.pixels_copied += show(pixels, rect);
        }
        taken++;
        __atomic_store_n(&extension->display.damage_taken, taken, __ATOMIC_RELEASE);
    }
}

static void open_inputs(struct poll polls[INPUT_COUNT])
{
    char path[] = "/dev/input/event0";
    for (unsigned i = 0; i < INPUT_COUNT; i++) {
        path[sizeof(path) - 2] = (char)('0' + i);
        /* A file that is not there is a negative number, which ppoll passes over. */
        polls[i] = (struct poll){.file = (int32_t)open_file(path), .wanted = POLLIN};
    }
}

/* An event that the ring has no room for is lost, as it is in Linux. */
static void pass_input_on(volatile struct region_extension *extension, long file)
{
    static struct input_event events[EVENT_COUNT];
    const long bytes = call6(SYS_READ, file, (long)events, sizeof(events), 0, 0, 0);
    for (long i = 0; i < bytes / (long)sizeof(events[0]); i++) {
        const uint32_t put = extension->display.input_put;
        if (put - __atomic_load_n(&extension->native.input_taken, __ATOMIC_ACQUIRE) < REGION_INPUT_COUNT) {
            volatile struct region_input *entry = &extension->display.input[put % REGION_INPUT_COUNT];
            entry->type = events[i].type;
            entry->code = events[i].code;
            entry->value = events[i].value;
            __atomic_store_n(&extension->display.input_put, put + 1, __ATOMIC_RELEASE);
        }
    }
}

/* Waits for an interrupt of the region. What is typed meanwhile is passed on. */
static void wait_for_interrupt(long uio, void *region, volatile uint32_t *doorbell)
{
    static struct poll polls[1 + INPUT_COUNT];
    uint32_t word = 1;
    if (polls[0].wanted == 0) {
        open_inputs(&polls[1]);
        polls[0] = (struct poll){.file = (int32_t)uio, .wanted = POLLIN};
    }
    /* Drivers that mask the interrupt want to be told to unmask it first; others refuse that. */
    call6(SYS_WRITE, uio, (long)&word, sizeof(word), 0, 0, 0);
    do {
        must(call6(SYS_PPOLL, (long)polls, 1 + INPUT_COUNT, 0, 0, 0, 0), "paint: no interrupt\n");
        for (unsigned i = 1; i <= INPUT_COUNT; i++) {
            if (polls[i].found != 0) {
                pass_input_on(extension_of(region), polls[i].file);
                *doorbell = 1;
            }
        }
    } while (polls[0].found == 0);
    must(call6(SYS_READ, uio, (long)&word, sizeof(word), 0, 0, 0), "paint: no interrupt\n");
}

static void __attribute__((noreturn, used)) paint_main(void)
{
    const long uio = must(open_file("/dev/uio0"), "paint: no /dev/uio0\n");
    void *region = (void *)must(map(uio, REGION_BYTES, 0), "paint: the region cannot be mapped\n");
    volatile uint32_t *doorbell = (uint32_t *)must(map(uio, PAGE_BYTES, PAGE_BYTES), "paint: no doorbell\n");
    if (!open_fb()) {
        open_drm();
    }
    announce(region, doorbell);
    for (;;) {
        wait_for_interrupt(uio, region, doorbell);
        update(region);
        REGION_MARK_END();
    }
}

/* The stack pointer is aligned at the kernel's entry. */
__asm__(".global _start\n"
        "_start:\n"
        "    b paint_main\n");
