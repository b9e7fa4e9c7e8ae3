"""``extends``: what is inherited, the verbs and their order, where a base may be, who is named in an error."""

import pytest

from archstat.spec import Settings
from tests.spec.conftest import Build, Load, Refused
from tests.spec.graphs import op, paths, read, shapes

BASE = """\
name: Base
about: A base.
input: [3, 16, 16]
vars: {width: 8, double: 2*width}
defaults: {conv: {kernel: 3, padding: same, act: relu}, max_pool: {kernel: 2}}
blocks: {two(n): [conv: n, conv: n]}
layers:
  stem: [conv: width]
  body: {one: [two: double], three: [two: double]}
  head: [flatten, linear: 10]
aux: {side: [from: stem, flatten, linear: 2]}
outputs: [head, stem]
freeze: all
budget: {params: 1M}
published: [{params: 1M, source: me}]
"""
FILES = {"base.yaml": BASE}
ALL = ["stem.conv1", "stem.conv1.act", "body.one.conv1", "body.one.conv1.act"]


def stages(build: Build, changes: str) -> str:
    """Return the stages, in order, of the base with some changes."""
    graph = build(f"extends: base.yaml\n{changes}\n", files=FILES).select(aux=False)
    found = dict.fromkeys(
        ".".join(p.split(".")[: 2 if p.startswith("body") else 1]) for p in paths(graph)
    )
    return " ".join(found)


def test_what_is_inherited(load_text: Load) -> None:
    spec = load_text("extends: base.yaml\n", files=FILES)
    graph = spec.graph
    assert graph.input.sample == (3, 16, 16)
    assert op(graph, "body.one.conv1").channels == 16
    assert [graph.nodes[i].path for i in graph.outputs] == ["head.linear1", "stem.conv1.act"]
    assert paths(graph)[-1] == "side.linear1"


def test_what_is_not_inherited(load_text: Load) -> None:
    spec = load_text("extends: base.yaml\n", files=FILES)
    assert (spec.name, spec.about, spec.budget, spec.published) == ("net", "", (), ())
    assert not any(node.frozen for node in spec.graph.nodes)


def test_parts_are_overridden_by_name(build: Build) -> None:
    graph = build(
        "extends: base.yaml\nvars: {width: 4}\ndefaults: {conv: {kernel: 1}}\n"
        "blocks: {two(n): [conv: n]}\naux: {side: [from: stem, relu], more: [from: body, relu]}\n"
        "outputs: [body]\ninput: [3, 8, 8]\n",
        files=FILES,
    )
    assert paths(graph) == [
        "stem.conv1", "body.one.conv1", "body.three.conv1", "head.flatten1", "head.linear1",
        "side.relu1", "more.relu1",
    ]  # fmt: skip
    # Defaults are replaced per op, not merged; others stay.
    assert (op(graph, "stem.conv1").kernel, op(graph, "stem.conv1").padding) == (1, 0)
    assert [shape[0] for shape in shapes(graph)][:3] == [4, 8, 8]
    assert [graph.nodes[i].path for i in graph.outputs] == ["body.three.conv1"]


def test_variables_may_use_one_another_across_files(build: Build) -> None:
    # An override uses a new variable, and what the base computes from it follows.
    graph = build("extends: base.yaml\nvars: {factor: 3, width: 4*factor}\n", files=FILES)
    assert [op(graph, p).channels for p in ("stem.conv1", "body.one.conv1")] == [12, 24]
    graph = build(
        "extends: base.yaml\nvars: {more: double + 1, double: 5}\nreplace: {stem: [conv: more]}\n",
        files=FILES,
    )
    assert op(graph, "stem.conv1").channels == 6
    graph = build(
        "extends: base.yaml\nvars: {width: 4}\n", Settings(variables={"width": "6"}), files=FILES
    )
    assert op(graph, "body.one.conv1").channels == 12


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ("remove: [stem]\naux: {side: [from: head, relu]}\noutputs: [head]", "body.one body.three head"),
        ("remove: head\noutputs: [stem]", "stem body.one body.three"),
        ("remove: [body.one]", "stem body.three head"),
        ("before: {head: {a: [relu], b: [relu]}}", "stem body.one body.three a b head"),
        ("after: {stem: {a: [relu], b: [relu]}}", "stem a b body.one body.three head"),
        ("before: {body.three: {two: [relu]}}", "stem body.one body.two body.three head"),
        ("after: {body.three: {four: [relu]}}", "stem body.one body.three body.four head"),
        ("append: {a: [relu], b: [relu]}", "stem body.one body.three head a b"),
        ("replace: {body: [relu]}", "stem body.relu1 head"),
        ("replace: {body.one: [relu]}", "stem body.one body.three head"),
        # In the order remove, replace, before, after, append, whatever the order in the file.
        (
            "append: {z: [relu]}\nafter: {head: {y: [relu]}}\nbefore: {head: {x: [relu]}}\n"
            "replace: {body: [relu]}\nremove: [stem]\naux: {side: [from: head, relu]}\noutputs: [head]",
            "body.relu1 x head y z",
        ),
        # A name that was removed is free.
        ("remove: [head]\nappend: {head: [flatten]}", "stem body.one body.three head"),
        ("replace: {body: {new: [relu]}}\nafter: {body.new: {newer: [relu]}}", "stem body.new body.newer head"),
    ],
)  # fmt: skip
def test_verbs(build: Build, changes: str, expected: str) -> None:
    assert stages(build, changes) == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("remove: [tail]", "net.yaml:2:10: error: base.yaml has no stage 'tail'"),
        ("remove: [haed]", "hint: did you mean 'head'?"),
        ("remove: [body.two]", "base.yaml has no stage 'body.two'"),
        ("remove: [body.one.conv1]", "the stage 'one' of base.yaml is a list: it has no stages of its own"),
        ("remove: [head, head]", "the stage 'head' is named twice"),
        ("remove: [stem, body, head]", "no stage is left"),
        ("remove: {head: [relu]}", "'remove' takes a list of stages, but this is a mapping"),
        ("remove: [[head]]", "'remove' takes a list of stages, but this is a list"),
        ("replace: [head]", "'replace' maps stages to bodies, but this is a list"),
        ("replace: {head: }", "'head' is empty"),
        ("replace: {tail: [relu]}", "base.yaml has no stage 'tail'"),
        ("replace: {body: [relu], body.one: [relu]}", "'body.one' is inside 'body', which goes as well"),
        ("remove: [head]\nreplace: {head: [relu]}", "base.yaml has no stage 'head'"),
        ("before: {head: [relu]}", "'before' maps stages to bodies, but this is a list"),
        ("before: {head: {stem: [relu]}}", "there is a stage 'stem' already"),
        ("after: {head: {}}", "'after' maps stages to bodies, but this is a mapping"),
        ("append: {head: [relu]}", "there is a stage 'head' already"),
        ("append: [relu]", "'append' maps stages to bodies, but this is a list"),
        ("append: {a.b: [relu]}", "'a.b' can't name a stage"),
        ("layers: [relu]", "net.yaml:2:1: error: 'layers' beside 'extends'"),
        ("vars: {width: double}", "variables use one another in a circle"),
        ("extend: base.yaml", "unknown key 'extend'"),
    ],
)  # fmt: skip
def test_wrong_changes(refused: Refused, changes: str, message: str) -> None:
    assert message in refused(f"extends: base.yaml\n{changes}\n", files=FILES)


def test_verbs_need_a_base_with_stages(refused: Refused) -> None:
    message = refused("input: [3]\nlayers: {a: [relu]}\nremove: [a]\n")
    assert "'remove' changes the stages of a spec that 'extends' names" in message
    message = refused(
        "extends: base.yaml\nremove: [relu1]\n", files={"base.yaml": "input: [3]\nlayers: [relu]\n"}
    )
    assert "the layers of base.yaml are a list: they have no stages" in message


def test_bundled_and_relative_bases(build: Build) -> None:
    assert "conv1.conv1" in paths(build("extends: vgg16\n"))
    graph = build(
        "extends: sub/mid.yaml\n",
        files={"base.yaml": BASE, "sub/mid.yaml": "extends: ../base.yaml\n"},
    )
    assert paths(graph)[0] == "stem.conv1"
    graph = build(
        "extends: sub/mid.yml\n", files={"sub/mid.yml": "extends: low.yaml\n", "sub/low.yaml": BASE}
    )
    assert paths(graph)[0] == "stem.conv1"


def test_a_file_may_have_the_name_of_the_bundled_spec_it_extends(
    load_text: Load, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.spec.conftest.NAME", "vgg16.yaml")
    assert load_text("extends: vgg16\n").graph.nodes[1].path == "conv1.conv1"
    message = refused("extends: vgg16\nreplace: {conv1: [linear: 3]}\n")
    assert message.startswith("vgg16.yaml:2:19: error: 'linear' needs a vector")


def test_a_chain_of_8_files(build: Build, refused: Refused) -> None:
    def chain(n: int) -> dict[str, str]:
        files = {f"f{i}.yaml": f"extends: f{i + 1}.yaml\n" for i in range(1, n - 1)}
        return {**files, f"f{n - 1}.yaml": BASE}

    assert paths(build("extends: f1.yaml\n", files=chain(8)))[0] == "stem.conv1"
    message = refused("extends: f1.yaml\n", files=chain(9))
    assert "f7.yaml:1:10: error: more than 8 files extend one another" in message
    assert "in the spec that net.yaml:1:10 extends" in message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"base.yaml": "extends: net.yaml\n"}, "'extends' goes in a circle: net.yaml -> base.yaml -> net.yaml"),
        ({"base.yaml": "extends: base.yaml\n"}, "'extends' goes in a circle: net.yaml -> base.yaml -> base.yaml"),
        ({"base.yaml": "extends: ./../here/base.yaml\n"}, "'extends' reaches only files below"),
    ],
)  # fmt: skip
def test_circles(refused: Refused, files: dict[str, str], message: str) -> None:
    assert message in refused("extends: base.yaml\n", files=files)


def test_an_error_in_a_base_names_both_files(refused: Refused) -> None:
    base = "input: [3, 8, 8]\nvars: {n: 8}\nlayers:\n  a: [conv: n]\n  b: [{conv: 8, groups: 2}]\n"
    # Found while the base is read
    message = refused("extends: base.yaml\n", files={"base.yaml": base + "wrong: 3\n"})
    assert message.startswith("base.yaml:6:1: error: unknown key 'wrong'")
    assert message.endswith("in the spec that net.yaml:1:10 extends")
    # while its words are checked
    message = refused("extends: base.yaml\n", files={"base.yaml": base + "  c: [convolve: 8]\n"})
    assert message.startswith("base.yaml:6:7: error: no layer or block is called 'convolve'")
    assert "  in the spec that net.yaml:1:10 extends\n" in message
    # and while it is built, with what the other file changes.
    message = refused("extends: base.yaml\nvars: {n: 7}\n", files={"base.yaml": base})
    assert message.startswith("base.yaml:5:17: error: groups 2 must divide")
    assert "  in the spec that net.yaml:1:10 extends" in message.splitlines()


def test_an_error_in_a_chain_names_all_files_between(refused: Refused) -> None:
    files = {
        "mid.yaml": "\nextends: base.yaml\n",
        "base.yaml": "input: [3]\nlayers: {a: [conv: 3]}\n",
    }
    lines = refused("extends: mid.yaml\n", files=files).splitlines()
    assert lines[0].startswith("base.yaml:2:14: error: 'conv' needs")
    assert lines[3:5] == [
        "  in the spec that mid.yaml:2:10 extends",
        "  in the spec that net.yaml:1:10 extends",
    ]


def test_a_call_in_another_file_names_it(refused: Refused) -> None:
    message = refused("extends: base.yaml\nappend: {more: [two: 3]}\n", files=FILES)
    assert "  in two, called at line 2 of net.yaml" in message
    assert message.startswith("base.yaml:6:19: error: 'conv' needs")


def test_from_reads_a_changed_stage(build: Build) -> None:
    graph = build("extends: base.yaml\nreplace: {stem: [{conv: 8, act: none}]}\n", files=FILES)
    assert read(graph, "side.flatten1") == ["stem.conv1"]
