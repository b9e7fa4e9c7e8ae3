# ruff: noqa: E501 - one case is one line
"""Specs from a stranger: whatever they hold is one error with its place, in little time and memory.

All are loaded by :mod:`tests.spec.hostile`, each in a process of its own, so that what would hang, take all
memory or end Python is one failing test. Every limit is held from both sides: what is just allowed loads.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.run import run
from tests.spec.hostile import CPU_SECONDS, MEMORY

ROOT = Path(__file__).parent.parent.parent
IN = "input: [3, 8, 8]\n"
RELU = f"{IN}layers: [relu]\n"
MIB = 2**20
MILLION = 1_000_000
Outcome = dict[str, Any]


class Case(msgspec.Struct, frozen=True):
    """One hostile folder. ``text`` is ``net.yaml``; ``said`` a part of the message, or of the layers' number
    where ``error`` is empty; ``place`` is a line and column, with the file where it isn't ``net.yaml``."""

    name: str
    text: str | bytes
    said: str
    place: str = ""
    error: str = "SpecError"
    files: dict[str, str] = {}
    prepare: Callable[[Path], object] | None = None
    reference: str = ""


def ok(name: str, text: str | bytes, layers: int = 1, **more: Any) -> Case:
    """Return a case that loads."""
    return Case(name, text, f"{layers} layer", error="", **more)


def wrong(name: str, body: str, said: str, column: int) -> Case:
    """Return a case whose ``layers:``, at line 2, are wrong at a column of that line."""
    return Case(name, f"{IN}layers: {body}\n", said, f"2:{column}")


def number(name: str, text: str, said: str) -> Case:
    """Return a case of a number that none is."""
    return Case(f"number {name}", f"{IN}layers:\n  - conv: {text}\n", said, "3:11")


EXTRAS = [
    Case(
        "alias bomb",
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{c}: &{c} [{', '.join([f'*{b}'] * 10)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)),
        "anchors and aliases are not part of the format",
        "1:4",
    ),
    Case("alias of nothing", f"{IN}layers: *a\n", "anchors and aliases", "2:9"),
    Case("anchor on a word", f"{IN}layers: [&a relu]\n", "anchors and aliases", "2:10"),
    Case("anchor on a mapping", f"{IN}layers: &a {{b: [relu]}}\n", "anchors and aliases", "2:9"),
    Case("anchor on a key", f"{IN}&a layers: [relu]\n", "anchors and aliases", "2:1"),
    Case("anchor on nothing", f"{IN}layers: &a\n", "anchors and aliases", "2:9"),
    Case("an alias to itself", f"{IN}layers: &a [*a]\n", "anchors and aliases", "2:9"),
    Case("merge key", f"{IN}layers:\n  - <<: {{conv: 3}}\n", "merge keys are not part of the format", "3:5"),
    Case(
        "merge-key bomb",
        "a: &a {k: v}\n" + "".join(f"b{i}: &b{i}\n  <<: [{', '.join(['*a'] * 10)}]\n" for i in range(1000)),
        "anchors and aliases",
        "1:4",
    ),
    Case("merge key in quotes", f'{RELU}vars: {{"<<": 3}}\n', "merge keys", "3:8"),
    Case("tag of Python", f"{IN}layers: !!python/object/apply:os.system ['true']\n", "the tag '", "2:9"),
    Case("tag of a number", f"{IN}layers: [conv: !!int 3]\n", "the tag 'tag:yaml.org,2002:int'", "2:16"),
    Case("local tag", f"{IN}layers: [!relu relu]\n", "the tag '!relu' is not part of the format", "2:10"),
    Case("verbatim tag", f"{IN}layers: [!<x> relu]\n", "the tag 'x'", "2:10"),
    Case("long tag", f"{IN}layers: [!{'a' * 5000} relu]\n", "the tag '!aaa", "2:10"),
    Case("tag on a mapping", f"!!map\n{RELU}", "the tag 'tag:yaml.org,2002:map'", "1:1"),
    Case("tag of nothing", f"{IN}layers: !!null\n", "the tag", "2:9"),
    Case("non-specific tag", f"{IN}layers: [! relu]\n", "the tag '!'", "2:10"),
    Case("a tag handle", f"%TAG ! tag:evil,2000:\n---\n{IN}layers: [!a relu]\n", "the tag 'tag:evil,2000:a'", "4:10"),
    Case("two documents", f"{RELU}---\n{RELU}", "a spec is one YAML document", "3:1"),
    Case("a list as key", f"{IN}layers:\n  ? [a]\n  : [relu]\n", "a key must be a single word", "3:5"),
    Case("an alias as key", f"{IN}layers:\n  ? *a\n  : [relu]\n", "anchors and aliases", "3:5"),
]  # fmt: skip

NESTING = [
    ok("48 lists deep", f"{IN}layers: {'[' * 47}relu{']' * 47}\n"),
    wrong("49 lists deep", f"{'[' * 48}relu{']' * 48}", "nested deeper than 48 levels", 9 + 47),
    ok("48 mappings deep", f"{IN}layers: {'{a: ' * 46}[relu]{'}' * 46}\n"),
    wrong("49 mappings deep", f"{'{a: ' * 47}[relu]{'}' * 47}", "nested deeper than 48 levels", 9 + 4 * 47),
    Case("48 levels of indentation and one", f"{IN}layers:\n" + "".join(f"{' ' * i}a:\n" for i in range(1, 60)), "nested deeper than 48 levels", "50:49"),
    Case("[ x 30,000", "[" * 30_000, "nested deeper than 48 levels", "1:49"),
    Case("{ x 30,000", "{" * 30_000, "nested deeper than 48 levels", "1:49"),
    Case("[ x 30,000 in layers", f"{IN}layers: {'[' * 30_000}\n", "nested deeper than 48 levels", "2:56"),
    Case("{a: x 30,000", "{a: " * 30_000, "nested deeper than 48 levels", "1:193"),
    Case("- x 30,000", "- " * 30_000, "nested deeper than 48 levels", "1:97"),
    Case("? x 30,000", "? " * 30_000, "", "1:97"),
    Case("[ x 1,000,000", "[" * MILLION, "nested deeper than 48 levels", "1:49"),
    Case("] x 1,000,000", "]" * MILLION, "not valid YAML", "1:1"),
]  # fmt: skip

DUPLICATES = [
    Case("twice at the top", f"{RELU}input: [3]\n", "duplicate key 'input' (first at line 1)", "3:1"),
    Case("twice in vars", f"{RELU}vars:\n  a: 3\n  b: 4\n  a: 5\n", "duplicate key 'a' (first at line 4)", "6:3"),
    Case("twice in layers", f"{IN}layers:\n  a: [relu]\n\n  a: [relu]\n", "duplicate key 'a' (first at line 3)", "5:3"),
    Case("twice in an entry", f"{IN}layers:\n  - {{conv: 8,\n     conv: 9}}\n", "duplicate key 'conv' (first at line 3)", "4:6"),
    Case("twice in options", f"{IN}layers: [conv: {{channels: 8, channels: 8}}]\n", "duplicate key 'channels' (first at line 2)", "2:30"),
    Case("twice in quotes", f"{IN}layers:\n  a: [relu]\n  'a': [relu]\n", "duplicate key 'a' (first at line 3)", "4:3"),
    Case("twice by an escape", f'{IN}layers:\n  a: [relu]\n  "\\x61": [relu]\n', "duplicate key 'a' (first at line 3)", "4:3"),
    Case("a block twice", f"{RELU}blocks:\n  a: [relu]\n  a(): [relu]\n", "block 'a' is defined twice (first at line 4)", "5:3"),
    Case("a name twice", f"{IN}layers:\n  - {{relu: , name: a}}\n  - {{relu: , name: a}}\n", "the name 'a' is taken in this body (first at line 3)", "4:20"),
    Case("twice, and a nasty name", f'{RELU}"\\e[31m": 3\n"\\e[31m": 4\n', "duplicate key '·[31m' (first at line 3)", "4:1"),
]  # fmt: skip

NUMBERS = [
    number("3:3", "3:3", "'3:3' is not a number or an expression"),
    number("190:20:30", "190:20:30", "'190:20:30' is not a number or an expression"),
    number("010", "010", "leave out the leading zeros"),
    number("0o10", "0o10", "'0o10' is not a number"),
    number("1e3", "1e3", "'1e3' has an exponent, which only a decimal takes"),
    number("on", "on", "write true or false"),
    number("no", "no", "write true or false"),
    number("yes", "yes", "write true or false"),
    number("Off", "Off", "write true or false"),
    number("null", "null", "write true or false"),
    number("~", "~", "is not a number or an expression"),
    number("0x10", "0x10", "'0x10' is not a number"),
    number("0b11", "0b11", "'0b11' is not a number"),
    number("1_000", "1_000", "leave out the underscores"),
    number("1,000", "1,000", "is not"),
    number("+1", "+1", "leave out the plus"),
    number("5.", "5.", "leave out the point"),
    number("5,000 digits", "9" * 5000, "the expression is longer than 200 characters"),
    number("150 digits", "9" * 150, "the number 99999999999999999999… is out of range"),
    number(".nan", ".nan", "'.nan' is not a number or an expression"),
    number(".inf", "-.inf", "'-.inf' is not a number or an expression"),
    number("nan", "nan", "unknown name 'nan'"),
    number("1e400", "1e400", "the number 1e400… is out of range"),
    number("1e-999999999", "1e-999999999", "the number 1e-999999999… is out of range"),
    number("1e999999999", "1e999999999", "the number 1e999999999… is out of range"),
    number("imaginary", "1j", "'1j' is not a number"),
    ok("number a date that is a difference", f"{IN}layers:\n  - conv: 2001-12-14\n"),
    number("a time", "2001-12-14 21:59:43", "is not a number or an expression"),
    number("bytes", "b'8'", "is not"),
    number("Arabic digits", "٣", "'٣' is not a number or an expression"),
    number("true", "true", "channels must be a positive whole number, not true"),
    number("a power", "9**9**9", "write the product"),
    number("a shift", "1 << 99999999", "is not known: only + - * / // % are"),
    number("a call", "__import__('os')", "is not"),
    number("an attribute", "channels.__class__", "is not an expression this format knows"),
    number("a lambda", "(lambda x=8 - x)()", "is not"),
    number("a comprehension", "'[x for x in 3]'", "is not an expression this format knows"),
    number("an assignment", "(x := 3)", "is not"),
    number("a product that grows", "*".join(["999999"] * 20), "a result is more than the limit of 1,000,000,000,000,000"),
    number("a result over 10^15", "10000000*100000000 + 1", "a result is more than the limit of 1,000,000,000,000,000"),
    number("a result under -10^15", "0 - 1000000000000000 - 1", "a result is more than the limit"),
    ok("number a result of 10^15", f"{IN}layers:\n  - conv: 10000000*100000000 // 1000000000000000\n"),
    number("division by zero", "8 // 0", "division by zero"),
    number("a remainder of zero", "8 % (channels - 3)", "division by zero"),
    number("a fine fraction", "/".join(["1"] + ["9"] * 90), "is finer than the limit of 60 digits"),
    ok("number 200 characters", f"{IN}layers:\n  - conv: {'+'.join(['1'] * 99)}+10\n"),
    number("201 characters", "+".join(["1"] * 101), "the expression is longer than 200 characters"),
    number("190 characters of parentheses", f"{'(' * 95}8{')' * 95} 8", "is not a number or an expression"),
    ok("number 95 parentheses", f"{IN}layers:\n  - conv: {'(' * 95}8{')' * 95}\n"),
    number("190 open parentheses", f"{'(' * 190}8", "is not a number or an expression"),
    number("190 parentheses", f"{'(' * 190}8{')' * 190}", "the expression is longer than 200 characters"),
    number("190 minuses", f"{'-' * 190}8", "the expression nests too deeply"),
    ok("number functions in functions", f"{IN}layers:\n  - conv: {'min(' * 39}8{')' * 39}\n"),
    ok("number on as a name", f"{IN}layers: {{on: [relu], no: [relu], yes: [relu], 010: [relu]}}\n", 4),
    Case("number on as an option", f"{IN}layers:\n  - {{conv: 8, bias: on}}\n", "write true or false", "3:21"),
    Case("number 1e-999999999 as a decimal", f"{IN}layers: [dropout: 1e-999999999]\n", "is out of range", "2:19"),
    Case("number 1e400 as a decimal", f"{IN}layers: [dropout: 1e400]\n", "is out of range", "2:19"),
    Case("number 5,000 digits in vars", f"{RELU}vars: {{a: {'9' * 5000}}}\n", "longer than 200 characters", "3:11"),
    Case("number 5,000 digits in a heading", f"{RELU}blocks:\n  ? a(b={'9' * 5000})\n  : [relu]\n", "is not a block's heading", "4:5"),
    Case("number 150 digits in a heading", f"{RELU}blocks:\n  a(b={'9' * 150}): [relu]\n", "is out of range", "4:3"),
    Case("number 5,000 digits in input", f"input: [{'9' * 5000}]\nlayers: [relu]\n", "longer than 200 characters", "1:9"),
    Case("number 5,000 digits in repeat", f"{IN}layers: [{{relu: , repeat: {'9' * 5000}}}]\n", "longer than 200 characters", "2:27"),
    Case("number 5,000 digits in a budget", f"{RELU}budget: {{params: {'9' * 5000}}}\n", "", "3:18"),
    Case("number 1e999999999 in a budget", f"{RELU}budget: {{params: 1e999999999}}\n", "", "3:18"),
    Case("number .nan in a budget", f"{RELU}budget: {{params: .nan}}\n", "", "3:18"),
    Case("number 5,000 digits published", f"{RELU}published: [{{params: {'9' * 5000}, source: me}}]\n", "", "3:22"),
    Case("number 5,000 digits as format", f"{RELU}archstat: {'9' * 5000}\n", "this archstat reads format version 1", "3:11"),
    Case("number 1.0 as format", f"{RELU}archstat: 1.0\n", "this archstat reads format version 1, not '1.0'", "3:11"),
]  # fmt: skip


def doubling(n: int, first: str, body: str = "[{0}, {0}]") -> str:
    """Return blocks of which each calls the one before it twice."""
    blocks = "".join(f"  b{i}: {body.format(f'b{i - 1}')}\n" for i in range(1, n))
    return f"{IN}blocks:\n  b0: {first}\n{blocks}layers: [b{n - 1}]\n"


def chain(n: int, first: str = "[relu]", body: str = "[{0}, relu]") -> str:
    """Return ``n`` blocks of which each calls the one before it once."""
    return doubling(n, first, body)


LONG = "channels+1" + "+0" * 95
TOO_MANY = "the spec expands to more than 50,000 layers"
EXPANSION = [
    Case("repeat 100,000,000", f"{IN}layers: [{{relu: , repeat: 100000000}}]\n", TOO_MANY, "2:11"),
    Case("repeat 10^15", f"{IN}layers: [{{relu: , repeat: 1000000000000000}}]\n", TOO_MANY, "2:11"),
    Case("repeat of a conv", f"{IN}layers: [{{conv: 8, kernel: 3, padding: same, norm: batch, act: relu, repeat: 100000000}}]\n", TOO_MANY, "2:11"),
    ok("repeat 50,000", f"{IN}layers: [{{relu: , repeat: 50000}}]\n", 50_000),
    Case("repeat 50,001", f"{IN}layers: [{{relu: , repeat: 50001}}]\n", TOO_MANY, "2:11"),
    Case("repeat of an empty block", f"{IN}blocks: {{a: identity}}\nlayers: [{{a: , repeat: 100000000}}]\n", TOO_MANY, "3:11"),
    Case("repeat of a join", f"{IN}layers: [{{add: [identity, identity], repeat: 100000000}}]\n", TOO_MANY, "2:11"),
    Case("repeat of what is left out", f"{IN}layers: [[{{relu: , when: false}}], {{relu: , repeat: 99999999}}]\n", TOO_MANY, "2:36"),
    Case("repeat of a wide join", f"{IN}layers: [{{add: [{'identity, ' * 5000}], repeat: 50000}}]\n", TOO_MANY, "2:11"),
    Case("repeat of a join of names", f"{IN}layers: [relu, {{add: [{'relu1, ' * 5000}], repeat: 50000}}]\n", ""),
    Case("long arguments", f"{IN}blocks:\n  a({', '.join(f'p{i}' for i in range(35))}): [identity]\nlayers: [{{a: [{', '.join([LONG] * 35)}], repeat: 49999}}]\n", TOO_MANY),
    Case("a long default", f"{IN}blocks:\n  a(p={LONG[:180]}): [identity]\nlayers: [{{a: , repeat: 49999}}]\n", TOO_MANY),
    Case("long conditions", f"{IN}blocks:\n  a: [{', '.join([f'{{relu: , when: {LONG[:190]} > 9}}'] * 100)}]\nlayers: [{{a: , repeat: 490}}]\n", TOO_MANY),
    Case("long options", f"{IN}layers: [{{conv: {LONG}, repeat: 49999}}]\n", TOO_MANY, "2:11"),
    Case("long lists", f"{IN}layers: [{{select: [{', '.join(['channels*0'] * 1024)}], repeat: 49999}}]\n", TOO_MANY),
    Case("blocks that double", doubling(40, "[relu]"), TOO_MANY),
    Case("blocks that double nothing", doubling(40, "identity"), TOO_MANY),
    Case("blocks that double what is left out", doubling(40, "[{relu: , when: false}]"), TOO_MANY),
    Case("blocks that double in joins", doubling(40, "[relu]", "[add: [[{0}], [{0}]]]"), TOO_MANY),
    Case("blocks that double in named joins", doubling(40, "[relu]", "[add: {{a: [{0}], b: [{0}]}}]"), TOO_MANY),
    Case("blocks that double in stages", doubling(40, "[relu]", "{{a: [{0}], b: [{0}]}}"), TOO_MANY),
    Case("blocks that double channels", chain(40, body="[{0}, concat: [identity, identity]]"), "more than the limit of 16,777,216"),
    Case("channels that double", f"{IN}layers: [{{concat: [identity, identity], repeat: 40}}]\n", "an output axis of 25,165,824 is more than the limit of 16,777,216", "2:11"),
    Case("a map that doubles", f"{IN}layers: [{{interpolate: 2, repeat: 40}}]\n", "an output axis of 33,554,432 is more than the limit of 16,777,216", "2:11"),
    Case("conv of squared channels", f"{IN}layers: [{{conv: channels*channels, repeat: 8}}]\n", "more than the limit of 16,777,216", "2:17"),
    Case("variables that double", RELU + "vars:\n  a0: 2\n" + "".join(f"  a{i}: a{i - 1}*a{i - 1}\n" for i in range(1, 60)), "a result is more than the limit of 1,000,000,000,000,000", "10:7"),
    ok("blocks 60 deep", chain(60), 60),
    Case("blocks 61 deep", chain(61), "blocks nest deeper than 60"),
    Case("2,000 blocks deep", chain(2000), "blocks nest deeper than 60"),
    Case("a block that calls itself", f"{RELU}blocks:\n  a: [a]\n", "blocks call one another in a circle: a -> a", "4:3"),
    Case("two blocks that call each other", f"{RELU}blocks:\n  a: [b]\n  b: [a]\n", "blocks call one another in a circle: a -> b -> a", "4:3"),
    Case("a circle in a branch that is left out", f"{RELU}blocks:\n  a(n): [{{a: n - 1, when: n > 0}}]\n", "in a circle: a -> a", "4:3"),
    Case("bodies 160 deep", chain(55, body="[[[[{0}]]], relu]"), "layers nest deeper than 160 levels once blocks are called"),
    Case("a path of 1,000 characters", chain(40, body=f"[{{{{{{0}}: , name: {'n' * 64}}}}}, relu]"), "a layer's dotted path is longer than 1,000 characters"),
    Case("a list of 1,025 values", f"{IN}layers: [select: [{', '.join(['0'] * 1025)}]]\n", "the list has 1,025 values, and 1,024 are the most", "2:18"),
]  # fmt: skip

BAD = b"input: [3, 8, 8]\nname: "
BYTES = [
    Case("Latin-1", BAD + b"caf\xe9\nlayers: [relu]\n", "the file is not UTF-8 text", "2:10"),
    Case("bad UTF-8 behind two-byte characters", BAD + "éé".encode() + b"\xff\n", "not UTF-8 text", "2:9"),
    Case("bad UTF-8 behind a BOM", b"\xef\xbb\xbfname: \xff\n", "not UTF-8 text", "1:7"),
    Case("bad UTF-8 on the line behind a BOM", b"\xef\xbb\xbf" + BAD + b"\xff\n", "not UTF-8 text", "2:7"),
    Case("bad UTF-8 behind CRLF", b"input: [3]\r\nname: \xff\r\n", "not UTF-8 text", "2:7"),
    Case("bad UTF-8 behind CR", b"input: [3]\rname: \xff\r", "not UTF-8 text", "2:7"),
    Case("an overlong slash", BAD + b"\xc0\xaf\n", "not UTF-8 text", "2:7"),
    Case("a character cut off", BAD + b"\xe7\xb6", "not UTF-8 text", "2:7"),
    Case("a character beyond Unicode", BAD + b"\xf4\x90\x80\x80\n", "not UTF-8 text", "2:7"),
    Case("a surrogate in UTF-8", BAD + b"\xed\xa0\x80\n", "not UTF-8 text", "2:7"),
    Case("two surrogates in UTF-8", BAD + b"\xed\xa0\xbd\xed\xb8\x80\n", "not UTF-8 text", "2:7"),
    Case("an escaped surrogate", BAD + b'"\\ud800"\n', "not valid YAML", "2:10"),
    Case("UTF-16 with a BOM", RELU.encode("utf-16"), "it looks like UTF-16; save it as UTF-8", "1:1"),
    Case("UTF-16, big end first", b"\xfe\xff" + RELU.encode("utf-16-be"), "it looks like UTF-16; save it as UTF-8", "1:1"),
    Case("UTF-16 without a BOM", RELU.encode("utf-16-le"), "the file holds a control character (U+0000)", "1:2"),
    Case("UTF-32", RELU.encode("utf-32"), "the file is not UTF-8 text", "1:1"),
    ok("a BOM", b"\xef\xbb\xbf" + RELU.encode()),
    ok("CRLF", RELU.replace("\n", "\r\n")),
    ok("CR", RELU.replace("\n", "\r")),
    ok("NEL", RELU.replace("\n", "\x85")),
    ok("tabs in a list", f"{IN}layers: [\trelu,\t\n\trelu\t]\n", 2),
    Case("an error behind CRLF", "input: [3]\r\nlayers: [rleu]\r\n", "did you mean 'relu'?", "2:10"),
    Case("NUL", f"{IN}layers: [re\0lu]\n", "the file holds a control character (U+0000)", "2:12"),
    Case("NUL behind CR", "input: [3]\rname: a\0\r", "the file holds a control character (U+0000)", "2:8"),
    Case("only NUL", b"\0" * MIB, "the file holds a control character (U+0000)", "1:1"),
    Case("ESC", f"{IN}name: \x1b[31m\n", "the file holds a control character (U+001B)", "2:7"),
    Case("DEL", f"{IN}name: a\x7fb\n", "the file holds a control character (U+007F)", "2:8"),
    Case("C1", f"{IN}name: a\x9bb\n", "the file holds a control character (U+009B)", "2:8"),
    Case("tab as indentation", f"{IN}layers:\n\t- relu\n", "not valid YAML", "3:1"),
    Case("tab inside indentation", f"{IN}layers:\n  a:\n  \t[relu]\n  b:\n\t[relu]\n", "indent with spaces, not tabs", "4:3"),
    Case("empty", b"", "the file is empty", "1:1"),
    Case("a BOM alone", b"\xef\xbb\xbf", "the file is empty", "1:1"),
    Case("blanks alone", b" \n\n", "the file is empty", "1:1"),
    Case("an open quote", f'{IN}name: "abc\n', "not valid YAML", ""),
    Case("all bytes", bytes(range(256)) * 64, "the file is not UTF-8 text"),
]  # fmt: skip


def link(folder: Path) -> None:
    """Put a spec outside of the folder, and a link to it inside."""
    (folder.parent.parent / "outside.yaml").write_text(RELU, encoding="utf-8")
    (folder / "link.yaml").symlink_to(folder.parent.parent / "outside.yaml")


def linked_folder(folder: Path) -> None:
    link(folder)
    (folder / "sub").symlink_to(folder.parent.parent, target_is_directory=True)


def loop(folder: Path) -> None:
    (folder / "a.yaml").symlink_to(folder / "b.yaml")
    (folder / "b.yaml").symlink_to(folder / "a.yaml")


def inner_link(folder: Path) -> None:
    (folder / "real.yaml").write_text(RELU, encoding="utf-8")
    (folder / "link.yaml").symlink_to("real.yaml")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")


def locked(folder: Path) -> None:
    (folder / "locked.yaml").mkdir()


def device(folder: Path) -> None:
    (folder / "zero.yaml").symlink_to("/dev/zero")


def files(n: int) -> dict[str, str]:
    """Return ``n`` files of which each extends the next; ``net.yaml`` extends the first."""
    between = {f"f{i}.yaml": f"extends: f{i + 1}.yaml\n" for i in range(1, n)}
    return {**between, f"f{n}.yaml": RELU}


def filled(size: int) -> str:
    """Return a spec of so many bytes."""
    return f"{RELU}#{' ' * (size - len(RELU) - 2)}\n"


REACHES = "'extends' reaches only files below the folder of the first spec"
REACHING = [
    Case("extends ../../etc/passwd", "extends: ../../etc/passwd\n", "no bundled spec '../../etc/passwd'", "1:10"),
    Case("extends ../../etc/passwd.yaml", "extends: ../../etc/passwd.yaml\n", REACHES, "1:10"),
    Case("extends a bundled spec by a path", "extends: ../vgg16\n", "no bundled spec '../vgg16'", "1:10"),
    Case("extends an absolute path", "extends: /etc/passwd.yaml\n", REACHES, "1:10"),
    Case("extends an absolute path inside", "extends: net.yaml\n", "'extends' goes in a circle", "1:10"),
    Case("extends a URL", "extends: https://example.org/x.yaml\n", "No such file", "1:10"),
    Case("extends a home", "extends: ~/x.yaml\n", "No such file", "1:10"),
    Case("extends a variable", "extends: $HOME/x.yaml\n", "No such file", "1:10"),
    Case("extends NUL", 'extends: "a\\0.yaml"\n', "", "1:10"),
    Case("extends a surrogate", b'extends: "\\udc80.yaml"\n', "not valid YAML", ""),
    Case("extends a long name", f"extends: {'a' * 995}.yaml\n", "File name too long", "1:10"),
    Case("extends a long path", f"extends: {'a/' * 50_000}x.yaml\n", "a path has at most 1,000 characters", "1:10"),
    Case("extends a million dots", f"extends: {'../' * 300_000}x.yaml\n", "a path has at most 1,000 characters", "1:10"),
    Case("extends a list", "extends: [vgg16]\n", "'extends' is a text, not a list", "1:10"),
    Case("extends a link out of the folder", "extends: link.yaml\n", REACHES, "1:10", prepare=link),
    Case("extends through a linked folder", "extends: sub/outside.yaml\n", REACHES, "1:10", prepare=linked_folder),
    Case("extends links in a circle", "extends: a.yaml\n", "", "1:10", prepare=loop),
    ok("extends a link inside the folder", "extends: link.yaml\n", prepare=inner_link),
    Case("extends from below to above", "extends: sub/a.yaml\n", REACHES, "sub/a.yaml:1:10", files={"sub/a.yaml": "extends: ../../a.yaml\n"}),
    Case("extends itself", "extends: net.yaml\n", "'extends' goes in a circle: net.yaml -> net.yaml", "1:10"),
    Case("extends itself by another way", "extends: sub/../net.yaml\n", "'extends' goes in a circle", "1:10", files={"sub/x": ""}),
    Case("extends one that extends it", "extends: a.yaml\n", "'extends' goes in a circle: net.yaml -> a.yaml -> net.yaml", "a.yaml:1:10", files={"a.yaml": "extends: net.yaml\n"}),
    Case("extends a link to itself", "extends: a.yaml\n", "'extends' goes in a circle", "a.yaml:1:10", prepare=lambda folder: (folder / "a.yaml").symlink_to("net.yaml")),
    ok("extends in a chain of 8", "extends: f1.yaml\n", files=files(7)),
    Case("extends in a chain of 9", "extends: f1.yaml\n", "more than 8 files extend one another", "f7.yaml:1:10", files=files(8)),
    Case("extends in a chain of 900", "extends: f1.yaml\n", "more than 8 files extend one another", "f7.yaml:1:10", files=files(900)),
    Case("extends a FIFO", "extends: pipe.yaml\n", "pipe.yaml: is not a regular file", "1:10", prepare=pipe),
    Case("extends a folder", "extends: locked.yaml\n", "locked.yaml: is a folder, not a spec", "1:10", prepare=locked),
    Case("extends /dev/zero", "extends: zero.yaml\n", REACHES, "1:10", prepare=device),
    Case("extends a file of 1 MiB + 1", "extends: big.yaml\n", "big.yaml: is larger than 1,048,576 bytes", "1:10", files={"big.yaml": filled(MIB + 1)}),
    Case("extends a broken file", "extends: a.yaml\n", "in the spec that net.yaml:1:10 extends", "a.yaml:2:1", files={"a.yaml": "["}),
    Case("a FIFO", "", "pipe.yaml: is not a regular file", error="UsageError", prepare=pipe, reference="pipe.yaml"),
    Case("a folder", "", "locked.yaml: is a folder, not a spec", error="UsageError", prepare=locked, reference="locked.yaml"),
    Case("/dev/zero", "", "/dev/zero: is not a regular file", error="UsageError", reference="/dev/zero"),
    Case("a link to /dev/zero", "", "zero.yaml: is not a regular file", error="UsageError", prepare=device, reference="zero.yaml"),
    Case("a name with NUL", "", "", error="UsageError", reference="a\0.yaml"),
    Case("a name with a control character", "", "no spec 'a·[31m'", error="UsageError", reference="a\x1b[31m"),
    ok("a file of 1 MiB", filled(MIB)),
    Case("a file of 1 MiB + 1", filled(MIB + 1), "net.yaml: is larger than 1,048,576 bytes", error="UsageError"),
    Case("a file of 50 MB", RELU, "net.yaml: is larger than 1,048,576 bytes", error="UsageError", prepare=lambda folder: os.truncate(folder / "net.yaml", 50 * MILLION)),
]  # fmt: skip

DIMS = [
    ok("dims of 2^24", f"input: [1, {2**24}]\nlayers: [identity, relu]\n"),
    Case("dims of 2^24 + 1", f"input: [1, {2**24 + 1}]\nlayers: [relu]\n", "a size is 16,777,217, more than the limit of 16,777,216", "1:12"),
    ok("channels of 2^24", f"{IN}layers: [conv: {2**24}]\n"),
    wrong("channels of 2^24 + 1", f"[conv: {2**24 + 1}]", "channels is 16,777,217, more than the limit of 16,777,216", 16),
    wrong("a padding of 2^24 + 1", f"[{{max_pool: 2, padding: {2**24 + 1}}}]", "padding is 16,777,217, more than the limit", 33),
    ok("a flatten over 2^24", "input: [16777216, 16777216]\nlayers: [flatten]\n"),
    wrong("an axis over 2^24", "[{conv: 8, padding: 16777216}]", "an output axis of 33,554,440 is more than the limit of 16,777,216", 11),
]  # fmt: skip

LARGE = [
    Case("a line of 1 MiB", f"{IN}layers: [{'relu, ' * 174_000}]\n", "the spec has more than 50,000 layers"),
    ok("a line of 50,000 layers", f"{IN}layers: [{'relu, ' * 50_000}]\n", 50_000),
    Case("a line of 500,000 commas", f"{IN}layers: [{',' * 500_000}]\n", "not valid YAML", "2:10"),
    Case("a list of 500,000 in a conv", f"{IN}layers: [conv: [{'1,' * 500_000}]]\n", "the list has 500,000 values", "2:16"),
    Case("500,000 mappings", f"{IN}layers: [{'{},' * 340_000}]\n", "the entry is empty", "2:10"),
    Case("60,000 stages", f"{IN}layers:\n" + "".join(f" s{i}: [relu]\n" for i in range(60_000)), "more than 50,000 layers"),
    Case("60,000 variables", RELU + "vars:\n" + "".join(f" s{i}: {i}\n" for i in range(60_000)) + " x: y\n", "unknown name 'y'", "60004:5"),
    Case("45,000 blocks", IN + "blocks:\n" + "".join(f" s{i}: [relu]\n" for i in range(45_000)) + "layers: [s]\n", "no layer or block is called 's'"),
    Case("60,000 keys at the top", RELU + "".join(f"k{i}: {i}\n" for i in range(60_000)), "unknown key 'k0'", "3:1"),
    Case("60,000 options", f"{IN}layers:\n - conv: 8\n" + "".join(f"   k{i}: {i}\n" for i in range(60_000)), "'conv' has no option 'k0'", "4:4"),
    Case("60,000 options of nothing", f"{IN}layers:\n - k: 8\n" + "".join(f"   k{i}: {i}\n" for i in range(60_000)), "no layer or block is called 'k'", "3:4"),
    Case("60,000 defaults", RELU + "defaults:\n" + "".join(f" k{i}: {{a: 1}}\n" for i in range(60_000)), "no layer or block is called 'k0'", "4:2"),
    Case("60,000 heads", RELU + "aux:\n" + "".join(f" k{i}: [relu]\n" for i in range(60_000)), ""),
    Case("60,000 branches", f"{IN}layers: [add: [{'identity, ' * 60_000}]]\n", TOO_MANY, "2:10"),
    Case("50,500 named branches", f"{IN}layers:\n- add:\n" + "".join(f"   k{i}: [relu]\n" for i in range(50_500)), "more than 50,000 layers"),
    Case("60,000 arguments", f"{IN}blocks: {{a(n): [relu]}}\nlayers: [a: [{'1, ' * 60_000}]]\n", "a(n) takes 1 value, not 60000", "3:10"),
    Case("40,000 names of layers", f"{IN}layers:\n" + "".join(f"- {{relu: , name: n{i}}}\n" for i in range(40_000)) + "- from: m\n", "no earlier layer or stage is called 'm'", "40003:9"),
    ok("60,000 outputs", f"{RELU}outputs: [{'relu1, ' * 60_000}]\n"),
    Case("60,000 stages removed", "extends: base.yaml\nremove:\n" + "".join(f" - s{i}\n" for i in range(60_000)), "no stage is left", files={"base.yaml": f"{IN}layers:\n" + "".join(f" s{i}: [relu]\n" for i in range(60_000))}),
    Case("60,000 stages put before one", "extends: base.yaml\nbefore:\n s:\n" + "".join(f"  s{i}: [relu]\n" for i in range(60_000)), "more than 50,000 layers", files={"base.yaml": f"{IN}layers: {{s: [relu]}}\n"}),
    Case("60,000 globs over 40,000 layers", f"{IN}layers: [{{conv: 3, repeat: 40000}}]\nfreeze:\n" + "".join(f" - '*{i}*'\n" for i in range(60_000)), "too many globs for 40,001 layers and stages"),
    Case("60,000 names frozen", f"{IN}layers: [{{conv: 3, repeat: 40000}}]\nfreeze:\n" + "".join(f" - conv{i}\n" for i in range(1, 60_000)), "'conv40001' matches no layer"),
    Case("a glob that backtracks", f"{IN}layers: [{{conv: 3, name: {'a' * 63}, repeat: 9}}]\nfreeze: ['{'*a' * 300}b']\n", "matches no layer", "3:10"),
    Case("40,000 figures", RELU + "published:\n" + " - {params: 0, source: a}\n" * 40_000, "more than 1,000 published figures", "1004:4"),
    Case("a path of 500,000 dots", f"{IN}layers: [relu, from: {'a.' * 500_000}a]\n", "no earlier layer or stage is called 'a.a.", "2:22"),
    Case("a key of a million characters", f"? {'a' * MILLION}\n: 3\n", "unknown key 'aaaa", "1:3"),
    Case("a quoted key of a million characters", f'? "{"a" * MILLION}"\n: 3\n', "unknown key 'aaaa", "1:3"),
    Case("a simple key of a million characters", f"{'a' * MILLION}: 3\n", "not valid YAML", "1:"),
    Case("a stage of a million characters", f"{IN}layers:\n  ? {'a' * MILLION}\n  : [relu]\n", "can't name a stage", "3:5"),
    Case("an option of a million characters", f"{IN}layers:\n  - conv: 8\n    ? {'a' * MILLION}\n    : 3\n", "'conv' has no option 'aaaa", "4:7"),
    Case("a word of a million characters", f"{IN}layers: [{'a' * MILLION}]\n", "no layer or block is called 'aaaa", "2:10"),
    Case("a block of a million characters", f"{RELU}blocks:\n  ? {'a' * MILLION}\n  : [relu]\n", "is not a block's heading", "4:5"),
    Case("a heading of a million parentheses", f"{RELU}blocks:\n  ? {'(' * MILLION}\n  : [relu]\n", "is not a block's heading", "4:5"),
    Case("a variable of a million characters", f"{RELU}vars:\n  ? {'a' * MILLION}\n  : 3\n", "can't name a variable", "4:5"),
    Case("an expression of a million characters", f"{IN}layers: [conv: {'1+' * 500_000}1]\n", "longer than 200 characters", "2:16"),
    Case("an expression of a million blanks", f"{IN}layers: [conv: '{' ' * MILLION}']\n", "longer than 200 characters", "2:16"),
    Case("a glob of a million stars", f"{IN}layers: [conv: 8]\nfreeze: ['{'*' * MILLION}x']\n", "matches no layer", "3:10"),
    Case("a from of a million characters", f"{IN}layers: [from: {'a' * MILLION}]\n", "names an earlier layer or stage, not 'aaaa", "2:16"),
    Case("a dtype of a million characters", f"input: {{shape: [3], dtype: {'a' * MILLION}}}\nlayers: [relu]\n", "dtype must be one of float64", "1:28"),
    Case("a figure of a million characters", f"{RELU}published: [{{params: {'9' * MILLION}, source: a}}]\n", "", "3:22"),
    Case("a metric of a million characters", f"{RELU}budget:\n  ? {'a' * MILLION}\n  : 3\n", "no metric is called 'aaaa", "4:5"),
    ok("a name of a million characters", f"{RELU}name: {'a' * MILLION}\n"),
    ok("a comment of a million characters", f"{RELU}# {'a' * MILLION}\n"),
    ok("a million empty lines", RELU + "\n" * MILLION),
    ok("a million spaces", RELU + " " * MILLION),
]  # fmt: skip

ESCAPE = "\\e[31m\\a\\r\\u202e"
SHOWN = "·[31m···"
CONTROL = [
    Case("control characters in a key", f'{RELU}"{ESCAPE}": 3\n', f"unknown key '{SHOWN}'", "3:1"),
    Case("control characters in a value", f'{IN}layers: [conv: "{ESCAPE}"]\n', f"'{SHOWN}' is not a number", "2:16"),
    Case("control characters in a word", f'{IN}layers: ["{ESCAPE}"]\n', f"no layer or block is called '{SHOWN}'", "2:10"),
    Case("control characters in a stage", f'{IN}layers: {{"{ESCAPE}": [relu]}}\n', f"'{SHOWN}' can't name a stage", "2:10"),
    Case("control characters in a name", f'{IN}layers: [{{relu: , name: "{ESCAPE}"}}]\n', f"'{SHOWN}' can't name a layer", "2:25"),
    Case("control characters in a block", f'{RELU}blocks: {{"{ESCAPE}": [relu]}}\n', f"'{SHOWN}' is not a block's heading", "3:10"),
    Case("control characters in a variable", f'{RELU}vars: {{"{ESCAPE}": 3}}\n', f"'{SHOWN}' can't name a variable", "3:8"),
    Case("control characters in a variable's value", f'{RELU}vars: {{a: "{ESCAPE}"}}\n', f"'{SHOWN}' is not a number", "3:11"),
    Case("control characters in an option", f'{IN}layers: [{{conv: 8, "{ESCAPE}": 3}}]\n', f"'conv' has no option '{SHOWN}'", "2:20"),
    Case("control characters in from", f'{IN}layers: [from: "{ESCAPE}"]\n', f"not '{SHOWN}'", "2:16"),
    Case("control characters in extends", f'extends: "{ESCAPE}"\n', f"no bundled spec '{SHOWN}'", "1:10"),
    Case("control characters in a file's name", f'extends: "{ESCAPE}.yaml"\n', f"{SHOWN}.yaml: No such file", "1:10"),
    Case("control characters in freeze", f'{RELU}freeze: ["{ESCAPE}"]\n', f"'{SHOWN}' matches no layer", "3:10"),
    Case("control characters in an activation", f'{IN}layers: [{{conv: 8, act: "{ESCAPE}"}}]\n', f"'{SHOWN}' is not an activation", "2:25"),
    Case("control characters in a dtype", f'input: {{shape: [3], dtype: "{ESCAPE}"}}\nlayers: [relu]\n', "dtype must be one of", "1:28"),
    Case("control characters in a mode", f'{IN}layers: [{{interpolate: 2, mode: "{ESCAPE}"}}]\n', "mode must be one of", ""),
    Case("control characters in a metric", f'{RELU}budget: {{"{ESCAPE}": 3}}\n', f"no metric is called '{SHOWN}'", "3:10"),
    Case("control characters in a limit", f'{RELU}budget: {{params: "{ESCAPE}"}}\n', SHOWN, "3:18"),
    Case("control characters in a version", f'{RELU}archstat: "{ESCAPE}"\n', f"not '{SHOWN}'", "3:11"),
    Case("control characters in outputs", f'{RELU}outputs: ["{ESCAPE}"]\n', f"not '{SHOWN}'", "3:11"),
    Case("control characters in a removed stage", f'extends: vgg16\nremove: ["{ESCAPE}"]\n', f"has no stage '{SHOWN}'", "2:10"),
    Case("control characters in a tag", f"{IN}layers: [!%1B%5B31m relu]\n", "the tag '!·[31m'", "2:10"),
    Case("control characters in an anchor's line", f'{IN}layers: ["{ESCAPE}", *a]\n', "anchors and aliases", "2:30"),
    Case("a line that begins an annotation", f'{RELU}"\\n::error::x": 3\n', "unknown key '·::error::x'", "3:1"),
    Case("a line separator", f'{RELU}"a\\Lb": 3\n', "unknown key 'a·b'", "3:1"),
]  # fmt: skip

CASES = [
    *EXTRAS, *NESTING, *DUPLICATES, *NUMBERS, *EXPANSION, *BYTES, *REACHING, *DIMS, *LARGE, *CONTROL,
]  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Write all cases, each to a folder of its own, load them, and return what came of each."""
    cases = tmp_path_factory.mktemp("hostile") / "cases"
    for index, case in enumerate(CASES):
        folder = cases / f"{index:04}"
        folder.mkdir(parents=True)
        text = case.text.encode() if isinstance(case.text, str) else case.text
        (folder / "net.yaml").write_bytes(text)
        for name, other in case.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(other, encoding="utf-8")
        if case.prepare is not None:
            case.prepare(folder)
        if case.reference:
            (folder / "reference").write_text(case.reference, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "tests.spec.hostile", str(cases)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {case.name: found[index] for index, case in enumerate(CASES)}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_hostile(outcomes: dict[str, Outcome], case: Case) -> None:
    outcome = outcomes[case.name]
    text = outcome["text"]
    assert (outcome["error"], case.said in text) == (case.error, True), text[:2_000]
    assert outcome["cpu"] <= CPU_SECONDS
    assert outcome["memory"] <= MEMORY
    if case.error:
        assert all(line.isprintable() for line in text.split("\n"))
        assert len(text) < 4_000
    if case.error == "SpecError":
        place = case.place if ".yaml:" in case.place else f"net.yaml:{case.place}"
        shown = outcome["place"]
        assert shown.startswith(place) if place.endswith(":") else shown == place
        assert text.startswith(f"{shown}: error: ")


def test_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "json", "markdown"])
@pytest.mark.parametrize("command", ["params", "memory", "summary", "shapes", "reproduce", "lint"])
def test_nothing_in_a_file_acts_on_the_terminal(tmp_path: Path, command: str, form: str) -> None:
    path = tmp_path / "net.yaml"
    nasty = f'"{ESCAPE}\\e]0;x\\a"'
    texts = f"name: {nasty}\nabout: {nasty}\nsource: {nasty}\nvars: {{unused: 3}}\n"
    figure = f"published: [{{params: 5, source: {nasty}, differs: {nasty}}}]\n"
    path.write_text(texts + RELU + figure, encoding="utf-8")
    said = run(command, str(path), "-f", form)
    assert said.exit_code in (0, 1)
    for line in (said.stdout + said.stderr).split("\n"):
        assert line.expandtabs().isprintable(), repr(line)
