"""What an op asks of the tensor that arrives: channels first or last, a number type, a dimension that exists."""

from archstat.errors import SpecError, require
from archstat.tensor import Tensor


def check_image(word: str, x: Tensor) -> None:
    """Refuse what is not [C, L], [C, H, W] or [C, D, H, W]."""
    if not (x.channel_dim == 1 and 3 <= len(x.shape) <= 5):
        raise SpecError(
            f"'{word}' needs [C, L], [C, H, W] or [C, D, H, W], but its input is {x.describe()}"
            + (" with the channels last" if x.is_sequence else ""),
            hint=_image_hint(word) if x.is_sequence else None,
        )
    check_numbers(word, x)


def _image_hint(word: str) -> str:
    if word == "global_avg_pool":
        return "to average over the tokens write '- mean: 0'"
    return "put '- permute' or '- reshape' before it"


def check_plane(word: str, x: Tensor) -> None:
    """Refuse what is not [C, H, W]."""
    require(
        x.channels_first and len(x.shape) == 4,
        f"'{word}' needs [C, H, W], but its input is {x.describe()}"
        + (" with the channels last" if x.is_sequence else ""),
    )


def check_channels_first(word: str, x: Tensor) -> None:
    """Refuse a sequence; an image or a vector may pass."""
    if not x.channels_first:
        raise SpecError(
            f"'{word}' needs its channels first, but its input is {x.describe()} with the channels last",
            hint="put '- permute' before it, or use layer_norm" if word.endswith("norm") else None,
        )
    check_numbers(word, x)


def check_channels_last(word: str, x: Tensor) -> None:
    """Refuse an image; a sequence or a vector may pass."""
    if not x.channels_last:
        raise SpecError(
            f"'{word}' works along the last dimension, but its input is {x.describe()} with the channels first",
            hint=f"put '- tokens' or '- permute' before it; {last_axis_meant(x)}",
        )
    check_numbers(word, x)


def last_axis_meant(x: Tensor) -> str:
    """Say how a spec names the last dimension as the channels'."""
    return f"where the last axis is meant, write '- reshape: {{tokens: {_listed(x)}}}'"


def check_layouts(word: str, branches: list[tuple[str, Tensor]]) -> None:
    """Refuse branches of equal rank whose channels are in different places: the first one's would win."""
    for label, x in branches[1:]:
        first_label, first = branches[0]
        if x.channel_dim == first.channel_dim:
            continue
        moved, other = ((first_label, first), x) if x.channels_last else ((label, x), first)
        hint = None
        if other.channels_last:
            sizes = _listed(moved[1])
            hint = f"end branch '{moved[0]}' with '- reshape: {{tokens: {sizes}}}', or permute it"
        raise SpecError(
            f"{word}: branch '{first_label}' has its channels {_place(first)}, "
            f"branch '{label}' {_place(x)}: they must agree",
            hint=hint,
        )


def _place(x: Tensor) -> str:
    if x.channels_first or x.channels_last:
        return f"{'first' if x.channels_first else 'last'} ({x.describe()})"
    return f"in dimension {x.channel_dim - 1} ({x.describe()})"


def _listed(x: Tensor) -> str:
    return f"[{', '.join(map(str, x.sample))}]"


def check_numbers(word: str, x: Tensor) -> None:
    """Refuse ids and other whole numbers where PyTorch does."""
    if not x.is_floating:
        raise SpecError(
            f"'{word}' needs floating-point numbers, but its input is {x.dtype}",
            hint="put '- embedding' before it" if x.dtype == "int64" else None,
        )


def axis(word: str, dim: int | None, x: Tensor, option: str = "dim") -> int:
    """Return the axis of the whole tensor that ``dim`` of one sample means; ``None`` is the channels'."""
    if dim is None:
        return x.channel_dim
    rank = len(x.sample)
    if not -rank <= dim < rank:
        raise SpecError(
            f"'{word}' {option} {dim} is out of range: its input is {x.describe()}",
            hint="dimensions count from 0, the first of one sample, or from -1, the last",
        )
    return 1 + dim % rank


def axes(word: str, dims: int | tuple[int, ...], x: Tensor, option: str = "dim") -> tuple[int, ...]:
    """Return the distinct axes that ``dims`` mean."""
    found = tuple(axis(word, d, x, option) for d in ((dims,) if isinstance(dims, int) else dims))
    require(len(set(found)) == len(found), f"'{word}' {option} names a dimension twice")
    return found


def without(x: Tensor, dropped: tuple[int, ...], word: str) -> tuple[tuple[int, ...], int]:
    """Return the axes that stay, and where among them the channels are.

    Where the channels themselves go, the first axis takes their place, or the last of a sequence.
    """
    kept = tuple(d for d in range(len(x.shape)) if d not in dropped)
    if len(kept) == 1:
        raise SpecError(f"'{word}' would leave no dimension: its input is {x.describe()}")
    if x.channel_dim in kept:
        return kept, kept.index(x.channel_dim)
    return kept, len(kept) - 1 if x.is_sequence else 1
