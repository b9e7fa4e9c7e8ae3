"""Text that is not YAML: messages say what to write, at a place that is in the file, and never quote the parser."""

import pytest

from archstat.errors import SpecError
from archstat.spec import load
from tests.spec.conftest import Refused

HEAD = "input: [3, 32, 32]\nlayers:\n"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("  - conv: 64, kernel: 3\n", "3:21", "a second ':'", "several options stand in braces: {conv: 64, kernel: 3}"),
        ("  - conv: 64, kernel: 3  # one\n", "3:21", "a second ':'", "braces: {conv: 64, kernel: 3}"),
        ("  conv1: conv: 64\n", "3:14", "a second ':'", "a body is a list: conv1: [conv: 64]"),
        ("  - add: a: [relu]\n", "3:11", "a second ':'", "stands in braces: add: {a: [relu]}"),
        ("  - relu\nname: VGG: big\n", "4:10", "a second ':'", "in quotes: name: 'VGG: big'"),
        ("  - conv: 64\n  relu\n", "4:3", "a '- ' or a ':' is missing", "begins with '- '"),
        ("  - conv: 64\n  relu\n  - relu\n", "4:3", "a '- ' or a ':' is missing", "begins with '- '"),
        ("  - conv: 64\n  max_pool: 2\n", "4:3", "that began at line 3 goes on without '- '", "is a '- ' missing"),
        ("  conv: 64\n  - relu\n", "4:3", "goes on without a name", "a list or named stages, not both"),
        ("   - conv: 64\n  - relu\n", "4:3", "goes on without a name", "indent it as far"),
        ("  a: [relu]\n b: [relu]\n", "4:2", "goes on without a name", "indent it as far"),
        ("  - {conv: 64\n", "3:5", "the '{' is not closed", "write '}' where it ends"),
        ("  a: [conv: 64\n  b: [relu]\n", "3:6", "the '[' is not closed", "write ']' where it ends"),
        ("  a: [{conv: 64]\n", "3:16", "the '{' is not closed", "or a '}' before it"),
        ("  - [relu]]\n", "3:11", "there is a ']' too many", ""),
        ("  - {relu: }}\n", "3:13", "there is a '}' too many", ""),
        ("  a: [relu], [relu]\n", "3:12", "',' can't stand here", "to go on inside a list, close it later"),
        ("  - 'relu\n", "3:5", "the quote is not closed", "where the text ends"),
        ("  - @relu\n", "3:5", "a value can't begin with '@'", "put the text in quotes"),
        ("\t- relu\n", "3:1", "", "indent with spaces, not tabs"),
    ],
)  # fmt: skip
def test_not_yaml(refused: Refused, text: str, place: str, message: str, hint: str) -> None:
    said = refused(HEAD + text)
    assert said.startswith(f"net.yaml:{place}: error: not valid YAML: ")
    assert message in said.splitlines()[0]
    assert " | " in said, "a source line is shown"
    assert hint in said.partition("hint: ")[2]


def test_a_colon_missing_in_the_line_above(refused: Refused) -> None:
    assert "is a ':' missing at the end of the line above" in refused("layers\ninput: [3]\n")


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        ("[conv: divisible(1280 * max(1, width))]", "a comma ends the value: put the expression in quotes"),
        ("[{conv: max(1, width), kernel: 3}]", "in [ ] or { } a comma ends the value"),
        ("[conv 64]", "write 'conv: 64'"),
        ("['conv:64']", "write 'conv: 64'"),
        ("[conv: '64, 3']", "a list stands in brackets: [64, 3]"),
    ],
)  # fmt: skip
def test_yaml_that_is_not_meant(refused: Refused, layer: str, hint: str) -> None:
    text = f"input: [3, 32, 32]\nvars: {{width: 1}}\nlayers: {layer}\n"
    assert hint in refused(text).partition("hint: ")[2]


def test_sizes_without_brackets(refused: Refused) -> None:
    assert "hint: write [3, 32, 32]" in refused("input: 3, 32, 32\nlayers: [relu]\n")


def test_python_s_parser_gives_the_same_messages(
    monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    import yaml

    monkeypatch.setattr("archstat.spec.reader._Loader", yaml.SafeLoader)
    assert "{conv: 64, kernel: 3}" in refused(f"{HEAD}  - conv: 64, kernel: 3\n")
    assert "goes on without '- '" in refused(f"{HEAD}  - conv: 64\n  max_pool: 2\n")
    assert "the '[' is not closed" in refused(f"{HEAD}  a: [conv: 64\n")


@pytest.mark.parametrize(
    ("layers", "column"),
    [
        ("[group_norm: 2]", 22),
        ("[{group_norm: 2}]", 23),
        ("[{group_norm: , groups: 2}]", 25),
        ("[{conv: 8, groups: 2}]", 20),
        ("[max_pool: 9]", 20),
        ("[{conv: 8, kernel: 9}]", 11),
    ],
)
def test_the_caret_stands_below_what_is_wrong(refused: Refused, layers: str, column: int) -> None:
    said = refused(f"input: [3, 8, 8]\nlayers: {layers}\n")
    assert said.startswith(f"net.yaml:2:{column}: ")


SECRET = "root:x:0:0:root:/root:/bin/sh\n"


@pytest.mark.parametrize(
    "text",
    [SECRET, f"{SECRET}a: b: c\n", "password: hunter2\n", "- hunter2\n", "hunter2: 1\nhunter2: 2\n", "!hunter2 a\n"],
)  # fmt: skip
def test_a_link_to_another_folder_shows_nothing_of_what_is_no_spec(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    (there / "secret").write_text(text, encoding="utf-8")
    (here / "net.yaml").symlink_to(there / "secret")
    with pytest.raises(SpecError) as caught:
        load(here / "net.yaml")
    said = str(caught.value)
    assert "error: this is not a spec that archstat can read" in said
    assert not any(word in said for word in ("root:", "hunter2", "password"))


def test_a_link_to_a_spec_in_another_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    here, there = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")
    (there / "net.yaml").write_text("input: [3]\nlayers: [linear: 2]\n", encoding="utf-8")
    (here / "net.yaml").symlink_to(there / "net.yaml")
    assert load(here / "net.yaml").graph.output.sample == (2,)
    (there / "net.yaml").write_text("input: [3]\nlayers: [linear: 0]\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(here / "net.yaml")
    assert "net.yaml:2:18: error: features must be" in str(caught.value)
    assert " | " not in str(caught.value)


def test_a_link_inside_its_folder_is_a_file_like_others(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    here = tmp_path_factory.mktemp("here")
    (here / "other.yaml").write_text("input: [3]\nlayers: [linear: 0]\n", encoding="utf-8")
    (here / "net.yaml").symlink_to("other.yaml")
    with pytest.raises(SpecError) as caught:
        load(here / "net.yaml")
    assert "layers: [linear: 0]" in str(caught.value)
