"""Panels of figures as one SVG: bars side by side, points on two axes of powers of ten, or lines."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from jinja2 import Environment, StrictUndefined

WIDTH, HEIGHT, COLUMNS = 470, 300, 2
LEFT, RIGHT, TOP, BOTTOM = 62, 28, 52, 42
BLUE, GREY, GREEN, ORANGE, RED = "#0969da", "#8c959f", "#1a7f37", "#bc4c00", "#cf222e"
_LETTER = 6.2
"""About how wide a letter is."""

_TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
    """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" font-family="sans-serif" \
font-size="11" role="img" aria-label="{{ label }}">
<rect width="100%" height="100%" fill="#fff"/>
{% for panel in panels %}
<g transform="translate({{ panel.x }} {{ panel.y }})">
<text x="12" y="18" font-size="13" font-weight="bold">{{ panel.title }}</text>
{% for shape in panel.shapes %}
<{{ shape.tag }}{% for name, value in shape.values.items() %} {{ name }}="{{ value }}"{% endfor %}/>
{% endfor %}
{% for text in panel.texts %}
<text x="{{ text.x }}" y="{{ text.y }}" text-anchor="{{ text.anchor }}">{{ text.text }}</text>
{% endfor %}
</g>
{% endfor %}
</svg>
"""
)


@dataclass(frozen=True, slots=True)
class _Shape:
    tag: str
    values: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class _Text:
    x: int
    y: int
    text: str
    anchor: str = "middle"


@dataclass(slots=True)
class Panel:
    """One panel; what is drawn is placed by `across` and `up`, from 0 to 1."""

    title: str
    shapes: list[_Shape] = field(default_factory=list)
    texts: list[_Text] = field(default_factory=list)
    x: int = 0
    y: int = 0

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: str, dashes: str = ""
    ) -> None:
        """Draw a line."""
        (x1, y1), (x2, y2) = self._at(*start), self._at(*end)
        values: dict[str, str | int] = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "stroke": colour}
        self.shapes.append(_Shape("line", values | ({"stroke-dasharray": dashes} if dashes else {})))

    def bar(self, across: float, width: float, up: float, colour: str, label: str) -> None:
        """Draw a bar from the bottom, with its value above it."""
        (x, y), (end, bottom) = self._at(across, up), self._at(across + width, 0)
        rect: dict[str, str | int] = {"x": x, "y": y, "width": end - x, "height": bottom - y, "fill": colour}
        self.shapes.append(_Shape("rect", rect))
        self.texts.append(_Text((x + end) // 2, y - 3, label))

    def point(self, across: float, up: float, colour: str) -> None:
        """Draw a point."""
        x, y = self._at(across, up)
        self.shapes.append(
            _Shape("circle", {"cx": x, "cy": y, "r": 3, "fill": colour, "fill-opacity": "0.7"})
        )

    def label_across(self, across: float, text: str) -> None:
        """Write below the axis."""
        self.texts.append(_Text(self._at(across, 0)[0], HEIGHT - BOTTOM + 15, text))

    def label_up(self, up: float, text: str) -> None:
        """Write left of the axis."""
        self.texts.append(_Text(LEFT - 6, self._at(0, up)[1] + 4, text, "end"))

    def legend(self, entries: dict[str, str]) -> None:
        """Say which colour stands for what."""
        x = 14
        for text, colour in entries.items():
            self.shapes.append(_Shape("rect", {"x": x, "y": 27, "width": 9, "height": 9, "fill": colour}))
            self.texts.append(_Text(x + 13, 36, text, "start"))
            x += 28 + round(len(text) * _LETTER)

    def note(self, text: str) -> None:
        """Write what the axis across is."""
        self.texts.append(_Text((LEFT + WIDTH - RIGHT) // 2, HEIGHT - 10, text))

    @staticmethod
    def _at(across: float, up: float) -> tuple[int, int]:
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return round(LEFT + across * width), round(HEIGHT - BOTTOM - up * height)


@dataclass(frozen=True, slots=True)
class Bars:
    """Values by group and name; `most` is a line that none should be above."""

    title: str
    unit: str
    values: dict[str, dict[str, float]]
    colours: dict[str, str]
    most: float | None = None
    logarithmic: bool = False

    def panel(self) -> Panel:
        """Draw them."""
        panel = Panel(self.title)
        panel.legend(self.colours | ({f"goal: at most {self.most:g} {self.unit}": RED} if self.most else {}))
        top = (
            max([self.most or 1, *(value for group in self.values.values() for value in group.values())])
            * 1.1
        )
        scale = (
            (lambda v: math.log10(max(v, 1)) / math.log10(top)) if self.logarithmic else (lambda v: v / top)
        )
        step = 10 ** math.floor(math.log10(top))
        ticks = [10**n for n in range(math.ceil(math.log10(top)))] if self.logarithmic else _ticks(top, step)
        for tick in ticks:
            panel.line((0, scale(tick)), (1, scale(tick)), "#eaeef2")
            panel.label_up(scale(tick), f"{tick:,g} {self.unit}".strip())
        each = 1 / max(1, len(self.values))
        for number, (group, values) in enumerate(self.values.items()):
            width = 0.8 * each / len(self.colours)
            for place, name in enumerate(self.colours):
                if name in values:
                    across = number * each + 0.1 * each + place * width
                    panel.bar(
                        across, width * 0.9, scale(values[name]), self.colours[name], _short(values[name])
                    )
            panel.label_across((number + 0.5) * each, group)
        if self.most:
            panel.line((0, scale(self.most)), (1, scale(self.most)), RED, "5 3")
        panel.line((0, 0), (1, 0), GREY)
        return panel


@dataclass(frozen=True, slots=True)
class Points:
    """Limits and seconds, by name, on axes of powers of ten; the lines are the limit and 1.25 times it."""

    title: str
    across: str
    points: Mapping[str, Sequence[tuple[float, float]]]
    colours: dict[str, str]

    def panel(self) -> Panel:
        """Draw them."""
        panel = Panel(self.title)
        panel.legend(self.colours | {"the limit": GREY, "1.25 times it": RED})
        panel.note(self.across)
        every = [value for points in self.points.values() for point in points for value in point]
        low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))

        def scale(value: float) -> float:
            return (math.log10(value) - low) / (high - low)

        for power in range(low, high + 1):
            at = scale(10.0**power)
            panel.line((at, 0), (at, 1), "#eaeef2")
            panel.line((0, at), (1, at), "#eaeef2")
            panel.label_across(at, f"{10.0**power:,g} s")
            panel.label_up(at, f"{10.0**power:,g} s")
        panel.line((0, 0), (1, 1), GREY)
        panel.line((0, scale(10.0**low * 1.25)), (scale(10.0**high / 1.25), 1), RED, "5 3")
        for name, points in self.points.items():
            for limit, seconds in points:
                panel.point(scale(limit), scale(seconds), self.colours[name])
        return panel


@dataclass(frozen=True, slots=True)
class Lines:
    """Values by name, each from one place to the next; `most` is a line across."""

    title: str
    across: str
    values: Mapping[str, Sequence[tuple[float, float]]]
    colours: dict[str, str]
    most: tuple[str, float] | None = None

    def panel(self) -> Panel:
        """Draw them."""
        panel = Panel(self.title)
        panel.legend(self.colours | ({self.most[0]: RED} if self.most else {}))
        panel.note(self.across)
        every = [point for points in self.values.values() for point in points]
        end = max((x for x, _ in every), default=1) or 1
        top = 1.1 * max([self.most[1] if self.most else 1, *(y for _, y in every)])
        for tick in _ticks(end, 10 ** math.floor(math.log10(end))):
            panel.line((tick / end, 0), (tick / end, 1), "#eaeef2")
            panel.label_across(tick / end, f"{tick:g}")
        for tick in _ticks(top, 10 ** math.floor(math.log10(top))):
            panel.line((0, tick / top), (1, tick / top), "#eaeef2")
            panel.label_up(tick / top, f"{tick:g}")
        for name, points in self.values.items():
            for (x1, y1), (x2, y2) in pairwise(points):
                panel.line((x1 / end, y1 / top), (x2 / end, y2 / top), self.colours[name])
        if self.most:
            panel.line((0, self.most[1] / top), (1, self.most[1] / top), RED, "5 3")
        panel.line((0, 0), (1, 0), GREY)
        return panel


def drawn(label: str, panels: Sequence[Panel]) -> str:
    """Return an SVG of panels, two in a row."""
    for number, panel in enumerate(panels):
        panel.x, panel.y = number % COLUMNS * WIDTH, number // COLUMNS * HEIGHT
    height = -(-len(panels) // COLUMNS) * HEIGHT
    return f"{_TEMPLATE.render(label=label, panels=panels, width=COLUMNS * WIDTH, height=height)}\n"


def _ticks(top: float, step: float) -> list[float]:
    step = step / 2 if top / step < 3 else step
    return [number * step for number in range(math.floor(top / step) + 1)]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
