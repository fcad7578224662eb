# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Compares figures with those that were recorded.

TOLERANCE = 0.02


def dearer(results, recorded):
    """Lines about the figures that have become dearer, or are missing."""
    for gic in (2, 3):
        for name, before in recorded[f"gic{gic}"].items():
            now = results[f"gic{gic}"].get(name)
            if now is None:
                yield f"GICv{gic} {name}: not measured"
                continue
            for kind, value, limit in zip(("minimum", "mean"), now, before):
                if value > limit * (1 + TOLERANCE):
                    yield f"GICv{gic} {name}: {kind} {value:.1f}, recorded {limit:.1f}"
