/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See pci_host.h.
 */
#include "devices/pci/pci_host.h"

#include <libvmm/util/util.h>

#include "util/checked.h"
#include "util/field.h"
#include "vm/fdt_builder.h"
#include "vm/vm.h"

/* An address in ECAM [PCIe 7.2.2] */
#define ECAM_FUNCTION FIELD(14, 12)
#define ECAM_SLOT     FIELD(19, 15)
#define ECAM_REGISTER FIELD(11, 0)

#define ECAM_WIDTHS      (1 | 2 | 4)
#define WINDOW_WIDTHS    (1 | 2 | 4 | 8)
#define WINDOW_ALIGN     UINT64_C(0x10000)
#define WINDOW_END       (UINT64_C(1) << 32)
#define PIN_INTA         1
#define ALL_ONES(access) (UINT64_MAX >> (64 - 8 * (access)->width_bytes))

static uint8_t line_of(uint8_t slot, uint8_t pin)
{
    return (uint8_t)((slot + pin - PIN_INTA) % PCI_LINE_COUNT);
}

static bool drives_line(const struct pci_function *function)
{
    return function->is_asserting && !function->msix.is_enabled &&
           (pci_config_read(&function->config, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE) == 0;
}

static void update_line(struct pci_bridge *bridge, uint8_t line)
{
    bool high = false;
    for (size_t i = 0; i < bridge->function_count; i++) {
        high |= bridge->functions[i].line == line && drives_line(&bridge->functions[i]);
    }
    irq_line_set(&bridge->lines[line], high);
}

void pci_function_set_interrupt(struct pci_function *function, bool high)
{
    function->is_asserting = high;
    pci_config_set_interrupt(&function->config, high);
    update_line(function->bridge, function->line);
}

static struct pci_function *find_function(struct pci_bridge *bridge, uint64_t slot, uint64_t number)
{
    for (size_t i = 0; i < bridge->function_count; i++) {
        struct pci_function *function = &bridge->functions[i];
        if (function->slot == slot && function->number == number) {
            return function;
        }
    }
    return NULL;
}

static void read_config(struct pci_function *function, uint32_t offset, struct mmio_access *access)
{
    if (function->ops->before_config_read != NULL) {
        function->ops->before_config_read(function->ctx, offset, access->width_bytes);
    }
    access->value = pci_config_read(&function->config, offset, access->width_bytes);
}

static void write_config(struct pci_function *function, uint32_t offset, const struct mmio_access *access)
{
    pci_config_write(&function->config, offset, access->width_bytes, (uint32_t)access->value);
    function->bridge->recent.size_bytes = 0;
    if (function->ops->after_config_write != NULL) {
        function->ops->after_config_write(function->ctx, offset, access->width_bytes);
    }
    pci_msix_update(&function->msix);
    update_line(function->bridge, function->line);
}

static enum mmio_result access_ecam(void *dev, struct mmio_access *access)
{
    struct pci_bridge *bridge = dev;
    const uint32_t offset = field_get32(ECAM_REGISTER, access->offset);
    struct pci_function *function =
        find_function(bridge, field_get(ECAM_SLOT, access->offset), field_get(ECAM_FUNCTION, access->offset));
    if (function == NULL) {
        access->value = ALL_ONES(access);
    } else if (offset >= PCI_CONFIG_BYTES) {
        access->value = 0; /* no extended capabilities */
    } else if (access->is_write) {
        write_config(function, offset, access);
    } else {
        read_config(function, offset, access);
    }
    return MMIO_HANDLED;
}

/* Whether one of the function's BARs has this access; if so, it is remembered. */
static bool try_function(struct pci_function *function, uint64_t at, uint32_t bytes)
{
    for (unsigned bar = 0; bar < PCI_BAR_COUNT; bar++) {
        const uint64_t size_bytes = function->config.bar_sizes[bar];
        uint64_t base;
        if (pci_config_bar(&function->config, bar, &base) && range_inside(base, size_bytes, at, bytes)) {
            function->bridge->recent = (struct pci_hit){base, size_bytes, function, bar};
            return true;
        }
    }
    return false;
}

static bool find_bar(struct pci_bridge *bridge, uint64_t at, uint32_t bytes)
{
    for (size_t i = 0; i < bridge->function_count; i++) {
        if (try_function(&bridge->functions[i], at, bytes)) {
            return true;
        }
    }
    return false;
}

static enum mmio_result access_window(struct pci_bridge *bridge, uint64_t base, struct mmio_access *access)
{
    const uint64_t at = base + access->offset;
    const struct pci_hit *hit = &bridge->recent;
    if (!range_inside(hit->base, hit->size_bytes, at, access->width_bytes) &&
        !find_bar(bridge, at, access->width_bytes)) {
        access->value = ALL_ONES(access);
        return MMIO_GUEST_ERROR;
    }
    access->offset = at - hit->base;
    return hit->function->ops->access_bar(hit->function->ctx, hit->bar, access);
}

static enum mmio_result access_window32(void *dev, struct mmio_access *access)
{
    struct pci_bridge *bridge = dev;
    return access_window(bridge, bridge->config.window_base, access);
}

static enum mmio_result access_window64(void *dev, struct mmio_access *access)
{
    struct pci_bridge *bridge = dev;
    return access_window(bridge, bridge->config.window64_base, access);
}

static void reset(void *ctx)
{
    struct pci_bridge *bridge = ctx;
    bridge->recent.size_bytes = 0;
    for (size_t i = 0; i < bridge->function_count; i++) {
        struct pci_function *function = &bridge->functions[i];
        pci_config_reset(&function->config);
        pci_msix_reset(&function->msix);
        pci_function_set_interrupt(function, false);
        if (function->ops->reset != NULL) {
            function->ops->reset(function->ctx);
        }
    }
}

static bool on_notified(void *ctx, microkit_channel channel)
{
    struct pci_bridge *bridge = ctx;
    bool is_known = false;
    for (size_t i = 0; i < bridge->function_count; i++) {
        const struct pci_function *function = &bridge->functions[i];
        is_known |= function->ops->notified != NULL && function->ops->notified(function->ctx, channel);
    }
    return is_known;
}

/* [Linux's binding pci/host-generic-pci.yaml; Open Firmware's bindings for PCI and interrupt mapping] */
#define OF_PCI_MEM32       0x02000000u
#define OF_PCI_MEM64       0x03000000u
#define OF_PCI_CELLS       3
#define OF_RANGE_CELLS_MAX 7
#define OF_MAP_CELLS_MAX   10 /* of one entry of interrupt-map */
#define OF_MAP_SLOT        0x1800u
#define OF_MAP_SLOT_SHIFT  11
#define OF_MAP_PIN         7
#define OF_GIC_SPI         0
#define OF_GIC_LEVEL_HIGH  4
#define OF_GIC_SPI_FIRST   32

/* The `count` low cells of a number. */
static size_t put_cells(uint32_t *cells, uint64_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        cells[i] = (uint32_t)(value >> (32 * (count - 1 - i)));
    }
    return count;
}

/* An entry of ranges: PCI address, guest-physical address, size. */
static size_t put_range(const struct fdt_builder *tree, uint32_t *cells, uint32_t space, uint64_t base, uint64_t size)
{
    size_t count = put_cells(cells, space, 1);
    count += put_cells(&cells[count], base, 2);
    count += put_cells(&cells[count], base, tree->address_cells);
    return count + put_cells(&cells[count], size, 2);
}

static void describe_ranges(const struct pci_host_config *config, struct fdt_builder *tree)
{
    uint32_t cells[2 * OF_RANGE_CELLS_MAX];
    size_t count = put_range(tree, cells, OF_PCI_MEM32, config->window_base, config->window_size_bytes);
    if (config->window64_size_bytes != 0) {
        count += put_range(tree, &cells[count], OF_PCI_MEM64, config->window64_base, config->window64_size_bytes);
    }
    fdt_builder_cells(tree, "ranges", cells, count);
}

/* Which line a pin of a slot drives; slots four apart are alike, which the mask says. */
static void describe_interrupts(const struct pci_host_config *config, struct fdt_builder *tree)
{
    static const uint32_t mask[] = {OF_MAP_SLOT, 0, 0, OF_MAP_PIN};
    uint32_t cells[PCI_LINE_COUNT * PCI_LINE_COUNT * OF_MAP_CELLS_MAX];
    size_t count = 0;
    for (uint8_t slot = 0; slot < PCI_LINE_COUNT; slot++) {
        for (uint8_t pin = PIN_INTA; pin < PIN_INTA + PCI_LINE_COUNT; pin++) {
            const uint32_t irq = (uint32_t)config->irqs[line_of(slot, pin)];
            count += put_cells(&cells[count], (uint32_t)slot << OF_MAP_SLOT_SHIFT, 1);
            count += put_cells(&cells[count], 0, 2);
            count += put_cells(&cells[count], pin, 1);
            count += put_cells(&cells[count], tree->gic_phandle, 1);
            count += put_cells(&cells[count], 0, tree->gic_address_cells);
            count += put_cells(&cells[count], OF_GIC_SPI, 1);
            count += put_cells(&cells[count], irq - OF_GIC_SPI_FIRST, 1);
            count += put_cells(&cells[count], OF_GIC_LEVEL_HIGH, 1);
        }
    }
    fdt_builder_cells(tree, "interrupt-map-mask", mask, ARRAY_SIZE(mask));
    fdt_builder_cells(tree, "interrupt-map", cells, count);
}

static void describe(void *ctx, struct fdt_builder *tree)
{
    const struct pci_bridge *bridge = ctx;
    const bool has_frame = bridge->frame.vm != NULL;
    const uint32_t frame = has_frame ? msi_frame_describe(&bridge->frame, tree) : 0;
    fdt_builder_begin(tree, "pcie", bridge->config.ecam_base);
    fdt_builder_string(tree, "compatible", "pci-host-ecam-generic");
    fdt_builder_string(tree, "device_type", "pci");
    fdt_builder_cells(tree, "#address-cells", (const uint32_t[]){OF_PCI_CELLS}, 1);
    fdt_builder_cells(tree, "#size-cells", (const uint32_t[]){2}, 1);
    fdt_builder_cells(tree, "#interrupt-cells", (const uint32_t[]){1}, 1);
    fdt_builder_cells(tree, "bus-range", (const uint32_t[]){0, 0}, 2);
    fdt_builder_reg(tree, bridge->config.ecam_base, PCI_ECAM_BYTES);
    describe_ranges(&bridge->config, tree);
    describe_interrupts(&bridge->config, tree);
    if (has_frame) {
        fdt_builder_cells(tree, "msi-parent", &frame, 1);
    }
    fdt_builder_flag(tree, "dma-coherent");
    fdt_builder_end(tree);
}

static bool check_irqs(const struct pci_host_config *config)
{
    const size_t *irqs = config->irqs;
    for (size_t i = 0; i < PCI_LINE_COUNT; i++) {
        if (irqs[i] - config->msi_irq_first < config->msi_irq_count) {
            LOG_VMM_ERR("PCI host bridge: interrupt %zu for a line and for messages\n", irqs[i]);
            return false;
        }
        if (irqs[i] < VGIC_PRIVATE_COUNT || irqs[i] >= VGIC_IRQ_COUNT) {
            LOG_VMM_ERR("PCI host bridge: interrupt %zu out of range, limits are %u and %u\n", irqs[i],
                        VGIC_PRIVATE_COUNT, VGIC_IRQ_COUNT - 1);
            return false;
        }
        for (size_t other = 0; other < i; other++) {
            if (irqs[other] == irqs[i]) {
                LOG_VMM_ERR("PCI host bridge: interrupt %zu for two lines\n", irqs[i]);
                return false;
            }
        }
    }
    return true;
}

static bool check_window(uint64_t base, uint64_t size_bytes, uint64_t end_max)
{
    uint64_t end;
    if (!is_aligned(base, WINDOW_ALIGN) || !is_aligned(size_bytes, WINDOW_ALIGN) ||
        !checked_add(base, size_bytes, &end) || end > end_max) {
        LOG_VMM_ERR("PCI host bridge: window of 0x%lx bytes at 0x%lx: should be multiples of 0x%lx, up to 0x%lx\n",
                    size_bytes, base, WINDOW_ALIGN, end_max);
        return false;
    }
    return true;
}

static bool check_config(const struct pci_host_config *config)
{
    if (!is_aligned(config->ecam_base, PCI_ECAM_BYTES)) {
        LOG_VMM_ERR("PCI host bridge: ECAM at 0x%lx: should be a multiple of 0x%x\n", config->ecam_base,
                    PCI_ECAM_BYTES);
        return false;
    }
    if (config->window_size_bytes == 0) {
        LOG_VMM_ERR("PCI host bridge: window at 0x%lx has no bytes\n", config->window_base);
        return false;
    }
    return check_window(config->window_base, config->window_size_bytes, WINDOW_END) &&
           check_window(config->window64_base, config->window64_size_bytes, UINT64_MAX) && check_irqs(config);
}

static struct mmio_region region_of(struct pci_bridge *bridge, uint64_t base, uint64_t size_bytes, uint8_t widths,
                                    mmio_handler_t handler)
{
    return (struct mmio_region){
        .base = gpa(base),
        .size_bytes = size_bytes,
        .widths = widths,
        .handler = size_bytes == 0 ? NULL : handler,
        .dev = bridge,
    };
}

/* What it takes; false: the frame for messages is no good. */
static bool make_claims(struct pci_bridge *bridge, struct device_claims *claims)
{
    const struct pci_host_config *config = &bridge->config;
    *claims = (struct device_claims){
        .regions = {region_of(bridge, config->ecam_base, PCI_ECAM_BYTES, ECAM_WIDTHS, access_ecam),
                    region_of(bridge, config->window_base, config->window_size_bytes, WINDOW_WIDTHS, access_window32),
                    region_of(bridge, config->window64_base, config->window64_size_bytes, WINDOW_WIDTHS,
                              access_window64)},
    };
    for (size_t line = 0; line < PCI_LINE_COUNT; line++) {
        bridge->lines[line] = (struct irq_line){&vm_instance()->vgic, (uint32_t)config->irqs[line]};
        claims->irqs[line].first = config->irqs[line];
        claims->irqs[line].count = 1;
    }
    claims->irqs[PCI_LINE_COUNT].first = config->msi_irq_first;
    claims->irqs[PCI_LINE_COUNT].count = config->msi_irq_count;
    return config->msi_irq_count == 0 || msi_frame_init(&bridge->frame, config->msi_base, config->msi_irq_first,
                                                        config->msi_irq_count, &claims->regions[3]);
}

static void report(void *ctx, const struct report *to)
{
    const struct pci_bridge *bridge = ctx;
    for (size_t i = 0; i < bridge->function_count; i++) {
        const struct pci_function *function = &bridge->functions[i];
        report_line(to, "PCI 00:%x.%u: interrupt pin %s", function->slot, function->number,
                    function->is_asserting ? "asserted" : "not asserted");
        if (function->ops->report != NULL) {
            function->ops->report(function->ctx, to);
        }
    }
}

bool pci_host_init(struct pci_host *host, const struct pci_host_config *config)
{
    static const struct device_ops ops = {
        .reset = reset,
        .describe = describe,
        .notified = on_notified,
        .report = report,
    };
    struct pci_bridge *bridge = pci_bridge_of(host);
    memset(bridge, 0, sizeof *bridge);
    if (vm_instance()->reload != NULL) {
        LOG_VMM_ERR("PCI host bridge: comes before linux_setup_images, which adds it to the device tree\n");
        return false;
    }
    if (!check_config(config)) {
        return false;
    }
    struct device_claims claims;
    bridge->config = *config;
    if (!make_claims(bridge, &claims) ||
        device_add(vm_instance(), &bridge->node, "PCI host bridge", &ops, bridge, &claims) != RESULT_OK) {
        return false;
    }
    bridge->vm = vm_instance();
    bridge->frame.vm = config->msi_irq_count == 0 ? NULL : bridge->vm;
    return true;
}

static bool check_place(struct pci_bridge *bridge, uint8_t slot, uint8_t number)
{
    const char *why = NULL;
    if (bridge->vm == NULL) {
        why = "the host bridge is not initialised";
    } else if (slot >= PCI_SLOT_COUNT || number >= PCI_SLOT_FUNCTION_COUNT) {
        why = "limits are slot 31 and function 7";
    } else if (bridge->function_count == PCI_FUNCTION_COUNT_MAX) {
        why = "the host bridge has 16 functions already";
    } else if (find_function(bridge, slot, number) != NULL) {
        why = "there is one already";
    } else if (number != 0 && find_function(bridge, slot, 0) == NULL) {
        why = "function 0 of the slot comes first";
    }
    if (why != NULL) {
        LOG_VMM_ERR("PCI slot %u function %u: %s\n", slot, number, why);
    }
    return why == NULL;
}

struct pci_function *pci_add_function(struct pci_host *host, uint8_t slot, uint8_t number,
                                      const struct pci_identity *identity, const struct pci_function_ops *ops,
                                      void *ctx)
{
    struct pci_bridge *bridge = pci_bridge_of(host);
    if (!check_place(bridge, slot, number)) {
        return NULL;
    }
    const uint8_t pin = (uint8_t)(PIN_INTA + number % PCI_LINE_COUNT);
    struct pci_function *function = &bridge->functions[bridge->function_count++];
    *function = (struct pci_function){
        .ops = ops,
        .ctx = ctx,
        .bridge = bridge,
        .slot = slot,
        .number = number,
        .line = line_of(slot, pin),
    };
    pci_config_init(&function->config, identity, pin);
    if (number != 0) {
        find_function(bridge, slot, 0)->config.bytes[PCI_HEADER_TYPE] |= PCI_HEADER_MULTIFUNCTION;
    }
    return function;
}

void pci_remove_function(struct pci_function *function)
{
    struct pci_bridge *bridge = function->bridge;
    /* The last one, as its own initialisation has failed. */
    bridge->function_count--;
    size_t others = 0;
    for (size_t i = 0; i < bridge->function_count; i++) {
        others += bridge->functions[i].slot == function->slot;
    }
    if (others == 1) {
        find_function(bridge, function->slot, 0)->config.bytes[PCI_HEADER_TYPE] &= (uint8_t)~PCI_HEADER_MULTIFUNCTION;
    }
}

enum result pci_function_add_msix(struct pci_function *function, uint16_t vector_count, unsigned bar,
                                  uint32_t table_offset, uint32_t pending_offset)
{
    struct msi_frame *frame = &function->bridge->frame;
    return frame->vm == NULL ? RESULT_OK
                             : pci_msix_init(&function->msix, &function->config, frame, vector_count, bar, table_offset,
                                             pending_offset);
}
