/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The areas of a split virtqueue: offsets and sizes in bytes, flags; all of it is little-endian. [VIRTIO 2.7]
 */
#pragma once

#define VIRTQ_DESC_BYTES      16
#define VIRTQ_DESC_ADDR       0
#define VIRTQ_DESC_LEN        8 /* then flags (16 bits) and next (16 bits) */
#define VIRTQ_DESC_F_NEXT     1
#define VIRTQ_DESC_F_WRITE    2
#define VIRTQ_DESC_F_INDIRECT 4

#define VIRTQ_AVAIL_FLAGS          0
#define VIRTQ_AVAIL_IDX            2
#define VIRTQ_AVAIL_RING           4
#define VIRTQ_AVAIL_ENTRY_BYTES    2
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

#define VIRTQ_USED_FLAGS       0
#define VIRTQ_USED_IDX         2
#define VIRTQ_USED_RING        4
#define VIRTQ_USED_ENTRY_BYTES 8 /* id, len */
#define VIRTQ_USED_F_NO_NOTIFY 1

#define VIRTQ_EVENT_BYTES 2 /* behind each ring: used_event, avail_event */
