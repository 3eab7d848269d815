"""Draw the graph of rules as SVG: layers from top to bottom, a box per rule, a line per dependency."""

from collections.abc import Mapping

from markupsafe import Markup, escape

from knapsack_rl.report.rule_graph import RuleNode, depth

WIDTH, HEIGHT, GAP_X, GAP_Y = 150, 44, 22, 40
"""Pixels of a box and between boxes."""


def draw_rule_graph(graph: Mapping[str, RuleNode]) -> Markup:
    """Inline SVG that follows the page's colours; every box says how many jobs ran and for how long in all."""
    layers: dict[int, list[str]] = {}
    for name in graph:
        layers.setdefault(depth(graph, name), []).append(name)
    widest = max(map(len, layers.values()))
    total = (widest * (WIDTH + GAP_X), len(layers) * (HEIGHT + GAP_Y))
    corners = {
        name: (left + place * (WIDTH + GAP_X), level * (HEIGHT + GAP_Y))
        for level, names in layers.items()
        for left in [(total[0] - len(names) * (WIDTH + GAP_X) + GAP_X) // 2]
        for place, name in enumerate(names)
    }
    lines = [_line(corners[parent], corners[name]) for name, node in graph.items() for parent in sorted(node.parents)]
    boxes = [_box(name, node, corner=corners[name]) for name, node in graph.items()]
    size = Markup('width="{}" height="{}" viewBox="0 0 {} {}"').format(*total, *total)
    start = Markup('<svg class="rules" role="img" aria-label="Graph of rules" {}>').format(size)
    return start + Markup().join([*lines, *boxes]) + Markup("</svg>")


def _line(above: tuple[int, int], below: tuple[int, int]) -> Markup:
    x0, y0 = above[0] + WIDTH // 2, above[1] + HEIGHT
    x1, y1 = below[0] + WIDTH // 2, below[1]
    middle = (y0 + y1) // 2
    return Markup('<path d="M{} {}C{} {} {} {} {} {}"/>').format(x0, y0, x0, middle, x1, middle, x1, y1)


def _box(name: str, node: RuleNode, *, corner: tuple[int, int]) -> Markup:
    count, seconds = len(node.jobs), sum(node.jobs.values())
    label = node.note or f"{count} job{'s' if count != 1 else ''}, {_duration(seconds)}"
    x, y = corner
    return Markup(
        '<rect x="{}" y="{}" width="{}" height="{}" rx="6"/><text x="{}" y="{}">{}</text>'
        '<text class="soft" x="{}" y="{}">{}</text>'
    ).format(x, y, WIDTH, HEIGHT, x + WIDTH // 2, y + 19, escape(name), x + WIDTH // 2, y + 35, label)


def _duration(seconds: float) -> str:
    minute, hour = 60, 3600
    if seconds >= hour:
        return f"{seconds / hour:.1f} h"
    return f"{seconds / minute:.1f} min" if seconds >= minute else f"{seconds:.0f} s"
