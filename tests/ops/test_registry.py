"""Every op in the catalogue keeps the contract."""

from collections import Counter
from fractions import Fraction
from inspect import cleandoc

import msgspec
import pytest

from archstat.ops import aliases, catalogue, written
from archstat.ops.base import Op
from archstat.ops.options import Kind
from tests.ops.case import all_cases

FIELDS = ("Shape", "Params", "MACs", "FLOPs", "Memory", "Source")
RULES = ("output", "params", "buffers", "macs", "flops", "storage", "reach")
OPS = pytest.mark.parametrize("op", catalogue.CATALOGUE.values(), ids=lambda op: op.word)


@OPS
def test_states_every_rule(op: type[Op]) -> None:
    assert [rule for rule in RULES if getattr(op, rule) is getattr(Op, rule)] == []


@OPS
def test_docstring_has_the_fields(op: type[Op]) -> None:
    lines = cleandoc(op.__doc__ or "").splitlines()  # Python 3.13 has taken the indentation off
    assert lines[0].endswith(".")
    found = [line.partition(":")[0] for line in lines if line[:1].isupper() and ":" in line]
    assert tuple(name for name in found if name in FIELDS) == FIELDS
    starts = [line for line in lines if line.partition(":")[0] in FIELDS]
    assert all(line[8:9].strip() for line in starts)


@OPS
def test_every_default_can_be_written(op: type[Op]) -> None:
    for field in msgspec.structs.fields(op):
        none = field.required or field.default is None
        assert (written.default(op, field.name) == "") == none, field.name


@OPS
def test_has_two_cases(op: type[Op]) -> None:
    assert Counter(case.op for case in all_cases())[op.word] >= 2


@OPS
def test_options_have_kinds(op: type[Op]) -> None:
    options = op.options()
    assert all(isinstance(kind, Kind) for kind in options.values())
    assert op.main is None or op.main in options
    for kind in options.values():
        assert isinstance(kind.schema(), dict)


@OPS
def test_defaults_are_exact(op: type[Op]) -> None:
    for default in op.__struct_defaults__:
        absent = default is None or default is msgspec.NODEFAULT
        assert absent or isinstance(default, (bool, int, str, Fraction))


def test_words_are_the_ops_own_and_unique() -> None:
    words = [word for family in catalogue.FAMILIES.values() for word in family]
    assert len(set(words)) == len(words) == len(catalogue.CATALOGUE)
    assert [catalogue.CATALOGUE[word].word for word in words] == words


def test_every_final_op_is_in_the_catalogue() -> None:
    def final(op: type[Op]) -> set[type[Op]]:
        below = op.__subclasses__()
        return {op} if not below else {leaf for sub in below for leaf in final(sub)}

    inside = {op for op in final(Op) if op.__module__.startswith("archstat.ops.")}
    assert inside <= set(catalogue.CATALOGUE.values())


def test_short_words_name_ops() -> None:
    assert set(catalogue.NORMS.values()) <= set(catalogue.CATALOGUE)
    assert set(catalogue.ACTIVATIONS) <= set(catalogue.CATALOGUE)


def test_aliases_lead_to_ops() -> None:
    assert set(aliases.ALIASES.values()) <= set(catalogue.CATALOGUE)
    assert not set(aliases.ALIASES) & set(catalogue.CATALOGUE)


def test_option_aliases_lead_to_options() -> None:
    options = {name for op in catalogue.CATALOGUE.values() for name in op.options()}
    meant = {*aliases.OPTION_ALIASES.values(), *aliases.SECOND_CHOICE.values()}
    assert meant - options == {aliases.ARRIVES}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("Conv2D", "conv"),
        ("nn.Conv2d", None),
        ("MaxPooling2D", "max_pool"),
        ("BatchNorm2d", "batch_norm"),
        ("Conv2DTranspose", "conv_transpose"),
        ("conv2d_transpose", "conv_transpose"),
        ("ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("swish", "silu"),
        ("Dense", "linear"),
        ("GlobalAveragePooling2D", "global_avg_pool"),
        ("ZeroPadding2D", "pad"),
        ("quux", None),
    ],
)
def test_right_word(wrong: str, right: str | None) -> None:
    assert aliases.right_word(wrong, catalogue.CATALOGUE) == right
