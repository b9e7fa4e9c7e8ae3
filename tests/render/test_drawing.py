"""Diagrams: what stands in them, and that a name can't act."""

from archstat.render.drawing import dot, listing, mermaid
from archstat.report.diagram import Arrow, Box, Diagram, diagram
from archstat.spec import load


def test_by_stage_and_by_layer() -> None:
    stages = diagram(load("resnet18"))
    assert [box.path for box in stages.boxes][:3] == ["input", "stem", "conv2"]
    assert stages.boxes[1].count == 4
    assert stages.arrows[0] == Arrow(0, 1, (3, 224, 224))
    assert stages.arrows[-1].shape == (1000,)
    layers = diagram(load("resnet18"), depth=None)
    assert len(layers.boxes) == len(load("resnet18").graph.select(aux=False).nodes) + 1


def test_every_box_is_reached() -> None:
    for name in ("googlenet", "vit_b_16", "unet", "gpt2_small"):
        drawn = diagram(load(name), depth=None)
        reads = {arrow.source for arrow in drawn.arrows}
        assert reads == set(range(len(drawn.boxes) - 1))


def test_names_are_escaped() -> None:
    box = Box(path='a"];\n<b>\\', op="conv", count=1, output=(1,))
    drawn = Diagram(name='x"y\\', reference="x", boxes=(box,), arrows=())
    assert '"a#34;#93;;#60;b#62;#92;<br>conv"' in mermaid(drawn)
    assert 'title: "x\\"y\\\\"' in mermaid(drawn)
    assert 'label="a\\"];<b>\\\\\\nconv"' in dot(drawn)


def test_listing() -> None:
    found = listing(diagram(load("lenet5")))
    assert found.rows[1] == ("lenet5", "conv1", "", 2, "input 1x32x32", "6x28x28")
