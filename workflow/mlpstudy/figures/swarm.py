"""Places for dots that would hide each other."""

from __future__ import annotations

from collections.abc import Sequence

# Distance of two dots, in diameters, tried in this order until a crowd fits into its lane.
CLOSENESS = (1.0, 0.8, 0.62, 0.48, 0.36, 0.26, 0.18, 0.12)


def swarm(positions: Sequence[float], diameter: float, reach: float) -> list[float]:
    """Return each dot's shift across its lane: the free place nearest to the middle.

    A crowd that does not fit within `reach` is packed more closely, all of it alike; one that
    never does is spread evenly.

    Args:
        positions: along the lane, in any unit.
        diameter: of a dot, in the same.
        reach: the farthest that a dot's centre may be from the middle, in the same.
    """
    for closeness in CLOSENESS:
        shifts = _packed(positions, diameter * closeness, reach)
        if shifts is not None:
            return shifts
    order = sorted(range(len(positions)), key=positions.__getitem__)
    shifts = [0.0] * len(positions)
    for place, index in enumerate(order):
        shifts[index] = reach * (2 * (place * 0.618034 % 1) - 1)
    return shifts


def _packed(positions: Sequence[float], distance: float, reach: float) -> list[float] | None:
    """Return shifts that keep dots `distance` apart; None if one of them finds no place."""
    steps = int(reach / distance)
    places = [0.0] + [side * n * distance for n in range(1, steps + 1) for side in (-1, 1)]
    shifts = [0.0] * len(positions)
    placed: list[tuple[float, float]] = []
    for index in sorted(range(len(positions)), key=positions.__getitem__):
        x = positions[index]
        placed = [(px, py) for px, py in placed if x - px < distance]
        free = (
            y
            for y in places
            if all((x - px) ** 2 + (y - py) ** 2 >= 0.99 * distance**2 for px, py in placed)
        )
        found = next(free, None)
        if found is None:
            return None
        shifts[index] = found
        placed.append((x, found))
    return shifts
