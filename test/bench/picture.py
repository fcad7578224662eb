# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A picture (SVG) of where the instructions of each path go: a bar a path, a colour a part.

COLOURS = {"kernel": "#4878a8", "libmicrokit": "#8ab6d6", "library": "#e49444", "VMM": "#b8b0a0"}
LABEL, SCALE, HEIGHT, GAP, TOP = 130, 0.28, 20, 8, 40


def bar(y, name, parts):
    """One path: name, parts side by side, sum."""
    x = LABEL
    yield f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{name}</text>'
    for part, colour in COLOURS.items():
        width = parts.get(part, 0) * SCALE
        yield (f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT}" fill="{colour}">'
               f'<title>{part}: {parts.get(part, 0)}</title></rect>')
        x += width
    yield f'<text x="{x + 6:.1f}" y="{y + 15}">{sum(parts.values())}</text>'


def legend():
    x = LABEL
    for part, colour in COLOURS.items():
        yield f'<rect x="{x}" y="12" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="23">{part}</text>'
        x += 110


def svg(paths):
    """The picture; `paths`: name to instructions by part."""
    longest = max(sum(parts.values()) for parts in paths.values())
    width = LABEL + longest * SCALE + 60
    height = TOP + len(paths) * (HEIGHT + GAP)
    lines = [f'<svg xmlns="{"http:" "//www.w3.org/2000/svg"}" width="{width:.0f}" height="{height}" '
             'font-family="sans-serif" font-size="13">', '<rect width="100%" height="100%" fill="white"/>', *legend()]
    for i, (name, parts) in enumerate(paths.items()):
        lines += bar(TOP + i * (HEIGHT + GAP), name, parts)
    return "\n".join(lines) + "\n</svg>\n"
