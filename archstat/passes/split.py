"""A network's channels divided over devices, as AlexNet's were over two: what each holds, and what crosses."""

from collections.abc import Sequence

import msgspec

from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.passes.channels import Placed, placed, whole


class Part(msgspec.Struct, frozen=True):
    """One layer, divided. ``channels`` of its output are on each device; ``whole`` says that all of them are.

    ``crossing`` are the bytes of others' channels that the devices read, all devices together, ``back`` those of their
    gradients, ``reads`` how many channels that is for one device, and ``everything`` whether these are all that it
    hasn't.
    """

    channels: int
    whole: bool
    crossing: int = 0
    reads: int = 0
    everything: bool = False
    back: int = 0


def split(graph: Graph, devices: int, needs: Sequence[bool] = ()) -> tuple[Part, ...]:
    """Divide the channels of every layer over ``devices``: what :func:`archstat.passes.channels.placed` finds.

    ``needs`` says of each layer's output whether it has a gradient, where there is a backward pass. Raises what
    ``placed`` does, and a UsageError where the gradients of a channel that several devices have would be added up.

    Counts:  of each tensor the channels that a device reads and another has, once for each device, at the first layer
             that reads them; in the backward pass the sum of their gradients on that device, which goes the other way
    Ignores: what the loss reads
    Unit:    bytes in ``Part.crossing`` and ``Part.back``
    Source:  Krizhevsky et al. 2012, Section 3.2
    """
    places = placed(graph, devices)
    got = [list(place.held) for place in places]
    gradients = needs or (False,) * len(places)
    return tuple(_part(graph, i, places, got, gradients) for i in range(len(places)))


def _part(
    graph: Graph, at: int, places: Sequence[Placed], got: list[list[int]], gradients: Sequence[bool]
) -> Part:
    """Count what crosses for one layer, and note that it has arrived."""
    node, place = graph.nodes[at], places[at]
    crossing, back, most, everything = 0, 0, 0, False
    for position, wanted in place.reads.items():
        i = node.inputs[position]
        x = graph.nodes[i].output
        if gradients[i] and _twice(places[i]) and place.held != places[i].held:
            raise UsageError(
                f"'{graph.nodes[i].path}' is on several devices, and its gradient isn't followed",
                hint="leave out --backward",
            )
        for device, (own, held) in enumerate(zip(wanted, places[i].held, strict=True)):
            missing = own & ~held
            arriving = (missing & ~got[i][device]).bit_count() * (x.nbytes // x.channels)
            crossing += arriving
            back += arriving if gradients[i] else 0
            got[i][device] |= missing
            most = max(most, missing.bit_count())
            everything |= bool(missing) and own == whole(x.channels)
    channels = place.held[0].bit_count()
    return Part(channels, channels == node.output.channels, crossing, most, everything, back)


def _twice(place: Placed) -> bool:
    """Say whether a channel is on more than one device."""
    seen = 0
    for own in place.held:
        if seen & own:
            return True
        seen |= own
    return False
