"""Lineage: versions as a graph that reads from left to right, one lane for each line of versions. PURE."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

AFTER_ANY: Final = 36.0  # least distance to the version made just before, wherever it lies
AFTER_PARENT: Final = 70.0
AFTER_SAME_LANE: Final = 116.0  # labels stand below each other's circles
LANE: Final = 48.0
MARGIN_X: Final = 64.0
MARGIN_Y: Final = 30.0
BEND: Final = 64.0


@dataclass(frozen=True, slots=True)
class Node:
    """A version. `parents` are keys of nodes before it, the first the one it continues; `lane` names its line."""

    key: str
    label: str
    lane: str
    parents: Sequence[str] = ()
    url: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    node: Node
    x: float
    y: float
    label_above: bool


@dataclass(frozen=True, slots=True)
class Edge:
    css: str
    d: str


@dataclass(frozen=True, slots=True)
class GraphDrawing:
    width: int
    height: int
    places: Sequence[Place]
    edges: Sequence[Edge]


def draw(nodes: Sequence[Node], *, main: str) -> GraphDrawing:
    """Place nodes given in order of their making. `main` is the lane in the accent.

    Lanes that are merged into the main one lie above it, branches below.
    """
    lanes = _lanes(nodes, main)
    places: dict[str, Place] = {}
    latest, in_lane = MARGIN_X - AFTER_ANY, dict[str, float]()
    for node in nodes:
        parents = [places[parent].x + AFTER_PARENT for parent in node.parents if parent in places]
        latest = max([latest + AFTER_ANY, in_lane.get(node.lane, 0.0) + AFTER_SAME_LANE, *parents])
        if not places:
            latest = MARGIN_X
        in_lane[node.lane] = latest
        row = lanes.index(node.lane)
        places[node.key] = Place(node, latest, MARGIN_Y + row * LANE, row < lanes.index(main))
    edges = [
        _edge(places[parent], places[node.key], main) for node in nodes for parent in node.parents if parent in places
    ]
    return GraphDrawing(
        width=round(latest + MARGIN_X),
        height=round(2 * MARGIN_Y + (len(lanes) - 1) * LANE),
        places=list(places.values()),
        edges=sorted(edges, key=lambda edge: edge.css),
    )


def _lanes(nodes: Sequence[Node], main: str) -> list[str]:
    lane_of = {node.key: node.lane for node in nodes}
    merged = {lane_of[parent] for node in nodes if node.lane == main for parent in node.parents if parent in lane_of}
    others = list(dict.fromkeys(node.lane for node in nodes if node.lane != main))
    above, below = [lane for lane in others if lane in merged], [lane for lane in others if lane not in merged]
    return [*above, main, *below]


def _edge(start: Place, end: Place, main: str) -> Edge:
    css = "m" if start.node.lane == end.node.lane == main else ""
    if start.y == end.y:
        return Edge(css, f"M{start.x:g} {start.y:g}H{end.x:g}")
    if end.node.lane == main:  # a merge keeps its lane to the last, a branch leaves at once: labels stay free
        turn = max(start.x, end.x - BEND)
        middle = (turn + end.x) / 2
        curve = f"H{turn:g}C{middle:g} {start.y:g} {middle:g} {end.y:g} {end.x:g} {end.y:g}"
    else:
        turn = min(end.x, start.x + BEND)
        middle = (start.x + turn) / 2
        curve = f"C{middle:g} {start.y:g} {middle:g} {end.y:g} {turn:g} {end.y:g}H{end.x:g}"
    return Edge(css, f"M{start.x:g} {start.y:g}{curve}")
