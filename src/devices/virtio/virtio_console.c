/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The console device over sDDF serial queues. [VIRTIO 5.3]
 *
 *      guest                                this                                virtualiser
 *      transmit queue --chain, read on-->   one copy, into the ring   --------> tx ring
 *      receive queue  <--filled------       one copy, out of the ring <-------- rx ring
 *
 * With several ports, control messages say which there are, which of them are consoles, their names and sizes. What is
 * still to be said is kept as bits a port, so nothing is lost while the guest has no buffer for it.
 *
 * Back-pressure: a chain that does not fit the tx ring is kept, read so far, and goes on when the virtualiser says that
 * there is room. Meanwhile the guest is not asked for kicks.
 *
 * Left out: emergency write. That the guest has closed a port is not told to anybody; what comes for it waits.
 */
#include <libvmm/virtio/console.h>

#include <libvmm/util/util.h>

#include "devices/virtio/virtio_device.h"
#include "spec/virtio/console.h"

struct config {
    uint16_t columns;
    uint16_t rows;
    uint32_t port_count;
    uint32_t emergency_write;
};

struct control {
    uint32_t id;
    uint16_t event;
    uint16_t value;
};

struct resize {
    uint16_t columns; /* before the rows; there are drivers that take them the other way round */
    uint16_t rows;
};

_Static_assert(sizeof(struct config) == 12, "layout of VIRTIO 5.3.4");
_Static_assert(sizeof(struct control) == 8, "layout of VIRTIO 5.3.6.2");

#define QUEUE_SIZE       64
#define CONTROL_RECEIVE  2
#define CONTROL_TRANSMIT 3
#define QUEUE_COUNT      (2 + 2 * VIRTIO_CONSOLE_PORT_COUNT_MAX)
#define NAME_BYTES_MAX   64
/*
 * Chains moved in one kick, and looks for more of them. More than a driver can give before it is shown what is used:
 * who goes on for longer is no driver.
 */
#define CHAINS_MAX (2 * QUEUE_SIZE)
#define ROUNDS_MAX 8 /* looks for room in a ring that was full */

struct port {
    struct sddf_serial rx;
    struct sddf_serial tx;
    const char *name;
    struct resize size;
    uint8_t to_say;  /* bits, by enum virtio_console_event */
    bool is_known;   /* the driver has been told of the port, or will be */
    bool is_ready;   /* the driver knows what to do with it */
    bool is_sending; /* `sending` has been read in part */
    bool has_moved;  /* characters, of which the virtualiser has not been told */
    bool is_in_line; /* the last character sent ended no line */
    struct virtq_chain sending;
};

struct console {
    struct virtio_device dev;
    struct virtq queues[QUEUE_COUNT];
    struct config config;
    struct port ports[VIRTIO_CONSOLE_PORT_COUNT_MAX];
    uint32_t port_count;
};

_Static_assert(sizeof(struct console) <= VIRTIO_CONSOLE_STORAGE_BYTES, "storage of the public structure");

static bool is_multiport(const struct console *console)
{
    return virtio_device_has(&console->dev, VIRTIO_CONSOLE_F_MULTIPORT);
}

/* Port 0 has queues 0 and 1, the others those behind the control queues. [VIRTIO 5.3.2] */
static uint16_t receive_queue(uint32_t port)
{
    return (uint16_t)(port == 0 ? 0 : 2 + 2 * port);
}

static uint16_t transmit_queue(uint32_t port)
{
    return (uint16_t)(receive_queue(port) + 1);
}

static void fail_chain(struct console *console)
{
    virtio_device_fail(&console->dev, "gives a broken chain");
}

/* Moves characters from the chain to the ring. False: the ring is full. */
static bool send_chain(struct port *port)
{
    while (!virtq_chain_is_read(&port->sending)) {
        uint8_t *room;
        const uint32_t bytes = sddf_serial_piece(&port->tx, &room);
        if (bytes == 0) {
            return false;
        }
        const size_t count = virtq_chain_read(&port->sending, room, bytes);
        port->is_in_line = count != 0 ? room[count - 1] != '\n' : port->is_in_line;
        sddf_serial_advance(&port->tx, (uint32_t)count);
        port->has_moved = true;
    }
    return true;
}

enum outcome {
    OUTCOME_DONE,
    OUTCOME_FULL, /* the ring */
    OUTCOME_NONE, /* no chain is left, or the driver has made a mistake */
};

/* Moves one chain, or what is left of it. */
static enum outcome send(struct console *console, struct port *port, uint16_t queue)
{
    if (!port->is_sending && !virtio_device_pop(&console->dev, queue, &port->sending)) {
        return OUTCOME_NONE;
    }
    port->is_sending = true;
    if (!send_chain(port)) {
        return OUTCOME_FULL;
    }
    port->is_sending = false;
    if (port->sending.is_broken) {
        fail_chain(console);
        return OUTCOME_NONE;
    }
    virtq_put(&console->queues[queue], port->sending.head, 0);
    return OUTCOME_DONE;
}

/*
 * Whether the ring has room again. Otherwise the virtualiser will call, when it has read some. One that goes on reading
 * all the while is left alone in the end: while there is something to read, it will call all the same.
 */
static bool has_room_again(struct port *port, unsigned rounds)
{
    if (rounds < ROUNDS_MAX) {
        return !sddf_serial_wait_for_room(&port->tx);
    }
    sddf_signal_request(&port->tx.queue->producer_signalled);
    return sddf_serial_available(&port->tx) == port->tx.counter.capacity;
}

/* Whether to go on at once. Otherwise somebody will call: the guest, or the virtualiser. */
static bool transmit_goes_on(struct console *console, struct port *port, uint16_t queue, enum outcome outcome,
                             unsigned *rounds)
{
    if (!console->dev.is_running || outcome == OUTCOME_DONE) {
        return console->dev.is_running;
    }
    if (outcome == OUTCOME_NONE) {
        return virtq_want_kicks(&console->queues[queue]);
    }
    virtq_suppress_kicks(&console->queues[queue]);
    return has_room_again(port, (*rounds)++);
}

static void transmit(struct console *console, uint32_t index)
{
    struct port *port = &console->ports[index];
    const uint16_t queue = transmit_queue(index);
    unsigned left = CHAINS_MAX;
    unsigned rounds = 0;
    enum outcome outcome;
    port->has_moved = false;
    do {
        outcome = send(console, port, queue);
        left -= outcome != OUTCOME_FULL;
    } while (left != 0 && transmit_goes_on(console, port, queue, outcome, &rounds));
    virtio_device_signal(&console->dev, queue);
    if (port->has_moved) {
        microkit_notify(port->tx.channel);
    }
}

/* Moves what the ring has in one piece into one buffer. */
static void fill_chain(struct port *port, struct virtq_chain *chain)
{
    uint8_t *bytes;
    uint32_t count = sddf_serial_piece(&port->rx, &bytes);
    while (count != 0) {
        const uint32_t taken = (uint32_t)virtq_chain_write(chain, bytes, count);
        if (taken == 0) {
            return;
        }
        sddf_serial_advance(&port->rx, taken);
        port->has_moved = true;
        count = sddf_serial_piece(&port->rx, &bytes);
    }
}

/* Fills one chain. False: there is none, or nothing to put into it, or the driver has made a mistake. */
static bool deliver(struct console *console, struct port *port, uint16_t queue)
{
    struct virtq_chain chain;
    if (sddf_serial_available(&port->rx) == 0 || !virtio_device_pop(&console->dev, queue, &chain)) {
        return false;
    }
    fill_chain(port, &chain);
    if (chain.is_broken) {
        fail_chain(console);
        return false;
    }
    virtq_put(&console->queues[queue], chain.head, chain.written_bytes);
    return true;
}

/* Buffers are wanted only while there is something to put into them. */
static bool receive_goes_on(struct console *console, struct port *port, uint16_t queue)
{
    struct virtq *vq = &console->queues[queue];
    if (!console->dev.is_running || !vq->enabled) {
        return false;
    }
    if (sddf_serial_available(&port->rx) == 0) {
        virtq_suppress_kicks(vq);
        return false;
    }
    return virtq_want_kicks(vq);
}

static void receive(struct console *console, uint32_t index)
{
    struct port *port = &console->ports[index];
    const uint16_t queue = receive_queue(index);
    unsigned left = CHAINS_MAX;
    if (is_multiport(console) && !port->is_ready) {
        return;
    }
    port->has_moved = false;
    do {
        while (left != 0 && deliver(console, port, queue)) {
            left--;
        }
    } while (receive_goes_on(console, port, queue) && left-- > 1);
    virtio_device_signal(&console->dev, queue);
    if (port->has_moved && sddf_serial_producer_waits(&port->rx)) {
        microkit_notify(port->rx.channel);
    }
}

/* What goes with an event, behind its header. */
static size_t put_event(const struct port *port, enum virtio_console_event event, struct control *control,
                        uint8_t *more)
{
    switch (event) {
    case VIRTIO_CONSOLE_RESIZE:
        memcpy(more, &port->size, sizeof port->size);
        return sizeof port->size;
    case VIRTIO_CONSOLE_PORT_NAME: {
        const size_t bytes = strnlen(port->name, NAME_BYTES_MAX);
        control->value = 1;
        memcpy(more, port->name, bytes);
        return bytes;
    }
    case VIRTIO_CONSOLE_CONSOLE_PORT:
    case VIRTIO_CONSOLE_PORT_OPEN:
        control->value = 1;
        return 0;
    default:
        return 0;
    }
}

/* Tells the driver one thing about a port. False: no buffer. */
static bool say(struct console *console, uint32_t index, enum virtio_console_event event)
{
    struct virtq_chain chain;
    struct control control = {.id = index, .event = (uint16_t)event};
    uint8_t more[NAME_BYTES_MAX];
    if (!virtio_device_pop(&console->dev, CONTROL_RECEIVE, &chain)) {
        return false;
    }
    const size_t bytes = put_event(&console->ports[index], event, &control, more);
    const size_t written = virtq_chain_write(&chain, &control, sizeof control) + virtq_chain_write(&chain, more, bytes);
    if (chain.is_broken || written != sizeof control + bytes) {
        virtio_device_fail(&console->dev, "gives a control buffer that is broken or too small");
        return false;
    }
    virtq_put(&console->queues[CONTROL_RECEIVE], chain.head, chain.written_bytes);
    return true;
}

/* The next thing to say about a port: what it is comes before its being opened. */
static enum virtio_console_event next_event(const struct port *port)
{
    static const enum virtio_console_event order[] = {
        VIRTIO_CONSOLE_PORT_ADD,  VIRTIO_CONSOLE_CONSOLE_PORT, VIRTIO_CONSOLE_RESIZE,
        VIRTIO_CONSOLE_PORT_NAME, VIRTIO_CONSOLE_PORT_OPEN,
    };
    size_t i = 0;
    while (i + 1 < ARRAY_SIZE(order) && (port->to_say & BIT(order[i])) == 0) {
        i++;
    }
    return order[i];
}

static void say_all(struct console *console)
{
    for (uint32_t i = 0; i < console->port_count; i++) {
        struct port *port = &console->ports[i];
        while (port->to_say != 0) {
            const enum virtio_console_event event = next_event(port);
            if (!say(console, i, event)) {
                return;
            }
            port->to_say &= (uint8_t)~BIT(event);
        }
    }
}

static bool has_to_say(const struct console *console)
{
    uint8_t bits = 0;
    for (uint32_t i = 0; i < console->port_count; i++) {
        bits |= console->ports[i].to_say;
    }
    return bits != 0;
}

static void tell(struct console *console)
{
    struct virtq *vq = &console->queues[CONTROL_RECEIVE];
    unsigned left = CHAINS_MAX;
    if (!is_multiport(console) || !console->dev.is_running || !vq->enabled) {
        return;
    }
    do {
        say_all(console);
    } while (console->dev.is_running && has_to_say(console) && virtq_want_kicks(vq) && left-- > 1);
    virtio_device_signal(&console->dev, CONTROL_RECEIVE);
}

/* The driver knows the port: what is to be known about it. */
static void introduce(struct port *port)
{
    port->is_ready = true;
    port->to_say |= BIT(VIRTIO_CONSOLE_PORT_OPEN);
    if (port->name != NULL) {
        port->to_say |= BIT(VIRTIO_CONSOLE_PORT_NAME);
        return;
    }
    port->to_say |= BIT(VIRTIO_CONSOLE_CONSOLE_PORT);
    if (port->size.columns != 0) {
        port->to_say |= BIT(VIRTIO_CONSOLE_RESIZE);
    }
}

static void on_control(struct console *console, const struct control *control)
{
    if (control->event == VIRTIO_CONSOLE_DEVICE_READY && control->value == 1) {
        for (uint32_t i = 0; i < console->port_count; i++) {
            console->ports[i].to_say |= console->ports[i].is_known ? 0 : BIT(VIRTIO_CONSOLE_PORT_ADD);
            console->ports[i].is_known = true;
        }
    } else if (control->event == VIRTIO_CONSOLE_PORT_READY && control->value == 1 &&
               control->id < console->port_count) {
        introduce(&console->ports[control->id]);
        receive(console, control->id);
    }
}

static void hear(struct console *console)
{
    struct virtq_chain chain;
    unsigned left = CHAINS_MAX;
    do {
        while (left != 0 && virtio_device_pop(&console->dev, CONTROL_TRANSMIT, &chain)) {
            struct control control = {0};
            const size_t bytes = virtq_chain_read(&chain, &control, sizeof control);
            virtq_put(&console->queues[CONTROL_TRANSMIT], chain.head, 0);
            if (bytes == sizeof control) {
                on_control(console, &control);
            }
            left--;
        }
    } while (console->dev.is_running && virtq_want_kicks(&console->queues[CONTROL_TRANSMIT]) && left-- > 1);
    virtio_device_signal(&console->dev, CONTROL_TRANSMIT);
    tell(console);
}

static void kick(void *ctx, uint16_t queue)
{
    struct console *console = ctx;
    if (queue == CONTROL_RECEIVE || queue == CONTROL_TRANSMIT) {
        if (is_multiport(console)) {
            queue == CONTROL_RECEIVE ? tell(console) : hear(console);
        }
        return;
    }
    const uint32_t port = queue < 2 ? 0 : (queue - 2u) / 2;
    if (port >= console->port_count || (port != 0 && !is_multiport(console))) {
        return;
    }
    if (queue % 2 == 0) {
        receive(console, port);
    } else {
        transmit(console, port);
    }
}

static void reset(void *ctx)
{
    struct console *console = ctx;
    for (uint32_t i = 0; i < console->port_count; i++) {
        console->ports[i].is_known = false;
        console->ports[i].is_ready = false;
        console->ports[i].is_sending = false;
        console->ports[i].to_say = 0;
    }
}

static void queue_reset(void *ctx, uint16_t queue)
{
    struct console *console = ctx;
    for (uint32_t i = 0; i < console->port_count; i++) {
        if (transmit_queue(i) == queue) {
            console->ports[i].is_sending = false;
        }
    }
}

static bool on_notified(void *ctx, microkit_channel channel)
{
    struct console *console = ctx;
    bool is_known = false;
    for (uint32_t i = 0; i < console->port_count; i++) {
        struct port *port = &console->ports[i];
        if (port->rx.channel == channel) {
            virtio_device_kick(&console->dev, receive_queue(i));
            is_known = true;
        }
        if (port->tx.channel == channel) {
            virtio_device_kick(&console->dev, transmit_queue(i));
            is_known = true;
        }
    }
    return is_known;
}

static void report(void *ctx, const struct report *to)
{
    struct console *console = ctx;
    for (uint32_t i = 0; i < console->port_count; i++) {
        struct port *port = &console->ports[i];
        report_line(to, "  port %u: %u characters wait for the guest, room for %u at the virtualiser%s", i,
                    sddf_serial_available(&port->rx), sddf_serial_available(&port->tx),
                    port->is_sending ? "; what the guest sends waits for room" : "");
    }
}

static bool open_port(struct port *port, const struct virtio_console_port *config)
{
    const struct sddf_serial_client_config *serial = config->serial;
    if (serial == NULL || !sddf_magic_is(serial->magic, SDDF_SERIAL_VERSION) ||
        !sddf_serial_open(&port->rx, &serial->rx, SDDF_CONSUMER) ||
        !sddf_serial_open(&port->tx, &serial->tx, SDDF_PRODUCER)) {
        return false;
    }
    port->name = config->name;
    port->size = (struct resize){.columns = config->columns, .rows = config->rows};
    return true;
}

static bool open_ports(struct console *console, const struct virtio_console_port *ports, size_t count)
{
    if (count == 0 || count > VIRTIO_CONSOLE_PORT_COUNT_MAX) {
        LOG_VMM_ERR("virtio console: %zu ports, limits are 1 and %u\n", count, VIRTIO_CONSOLE_PORT_COUNT_MAX);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!open_port(&console->ports[i], &ports[i])) {
            LOG_VMM_ERR("virtio console: port %zu: its serial client configuration is not one of sDDF 0.7's, or its "
                        "queues do not fit their regions\n",
                        i);
            return false;
        }
    }
    console->port_count = (uint32_t)count;
    return true;
}

static void set_config(struct console *console)
{
    console->config = (struct config){
        .columns = console->ports[0].size.columns,
        .rows = console->ports[0].size.rows,
        .port_count = console->port_count,
    };
}

bool virtio_console_init(struct virtio_console *storage, struct virtio_place place,
                         const struct virtio_console_port *ports, size_t port_count)
{
    static const struct virtio_device_ops ops = {
        .reset = reset,
        .queue_reset = queue_reset,
        .report = report,
        .kick = kick,
        .notified = on_notified,
    };
    struct console *console = (struct console *)(void *)storage;
    memset(console, 0, sizeof *console);
    if (!open_ports(console, ports, port_count)) {
        return false;
    }
    const struct virtio_device_type type = {
        .id = VIRTIO_ID_CONSOLE,
        .name = "virtio console",
        .ops = &ops,
        .features = VIRTIO_CONSOLE_F_SIZE | (port_count > 1 || ports[0].name != NULL ? VIRTIO_CONSOLE_F_MULTIPORT : 0),
        .queues = console->queues,
        .queue_count = (uint16_t)(port_count > 1 || ports[0].name != NULL ? 2 + 2 * port_count : 2),
        .config = &console->config,
        .config_bytes = sizeof console->config,
    };
    for (size_t i = 0; i < QUEUE_COUNT; i++) {
        console->queues[i].size_max = QUEUE_SIZE;
    }
    set_config(console);
    return virtio_device_init(&console->dev, &type, console, &place);
}

bool virtio_console_resize(struct virtio_console *storage, size_t index, uint16_t columns, uint16_t rows)
{
    struct console *console = (struct console *)(void *)storage;
    if (index >= console->port_count) {
        LOG_VMM_ERR("virtio_console_resize: port %zu does not exist, there are %u\n", index, console->port_count);
        return false;
    }
    struct port *port = &console->ports[index];
    port->size = (struct resize){.columns = columns, .rows = rows};
    if (index == 0) {
        set_config(console);
        virtio_device_config_changed(&console->dev);
    }
    if (port->is_ready && port->name == NULL) {
        port->to_say |= BIT(VIRTIO_CONSOLE_RESIZE);
        tell(console);
    }
    return true;
}

bool virtio_console_log(void *storage, const char *line, size_t length)
{
    struct console *console = (struct console *)storage;
    struct port *port = &console->ports[0];
    if (console->port_count == 0 || !sddf_serial_write_line(&port->tx, &port->is_in_line, line, (uint32_t)length)) {
        return false;
    }
    microkit_notify(port->tx.channel);
    return true;
}
