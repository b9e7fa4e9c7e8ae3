"""Which of a repository's YAML files are specs."""

import pytest

from archstat.spec.recognize import is_spec

SPEC = "input: [3, 8, 8]\nlayers: [conv: 4]\n"

SPECS = {
    "plain": SPEC,
    "flow": "{input: [3, 8, 8], layers: [conv: 4]}",
    "quoted": '"input": [3, 8, 8]\n"layers": [conv: 4]\n',
    "windows": SPEC.replace("\n", "\r\n"),
    "indented": "  input: [3, 8, 8]\n  layers: [conv: 4]\n",
    "mark": "\ufeff" + SPEC,
    "misspelt": SPEC + "bugdet: {params: 4}\n",
    "nothing yet": "input: [3, 8, 8]\nlayers:\n",
    "bundled": "extends: vgg16\n",
    "a broken one": "input: [3\nlayers: [\n",
    "a broken child": "extends: 'vgg16'  # as printed\nlayers: [\n",
    "an anchor": "input: [3, 8, 8]\nlayers: &all [conv: 4]\n",
    "two documents": SPEC + "---\n" + SPEC,
    "of a spec": "extends: ./base one.yaml\nheads: 3\n",
    "of a spec's child": 'extends: "deeper/child.yaml"\n',
    "of what is gone": "extends: gone.yaml\nreplace: {head: [linear: 3]}\n",
    "in a circle": "extends: circle.yaml\n",
}

OTHERS = {
    "empty": "",
    "workflow": "on: push\njobs: {a: {steps: [{with: {input: 1, layers: 2}}]}}\n",
    "compose": "services:\n  a:\n    extends: {file: base.yaml, service: b}\n    image: a\n",
    "linter": "extends: default\nrules: {line-length: {max: 80}}\n",
    "rules": "extends: ./gone.yaml\nrules: {}\n",
    "rules of rules": "extends: rules.yaml\nrules: {}\n",
    "many": "extends: [spectral:oas, vgg16.yaml]\n",
    "hyperparameters": "input: data.csv\nlayers: 4\nhidden: 128\n",
    "a list": "- input: 3\n- layers: 4\n",
    "a text": "the input has layers",
    "a template": "{{ if input }}\nkind: layers\n{{ end }}\n",
    "two documents": "kind: Service\nname: input\n---\nkind: layers\n",
    "binary": "input\0layers",
    "a comment": "# input:\n# layers:\nextends: nothing\n",
}

FILES = {
    "nets/base one.yaml": SPEC,
    "nets/deeper/child.yaml": "extends: ../base one.yaml\n",
    "nets/rules.yaml": "extends: other.yaml\nrules: {}\n",
    "nets/other.yaml": "rules: {}\n",
}


def told(text: str, name: str = "nets/circle.yaml") -> bool:
    files = {**FILES, name: text}
    return is_spec(name, lambda path: files[path].encode() if path in files else None)


@pytest.mark.parametrize("what", SPECS)
def test_a_spec_is_told_however_it_is_written(what: str) -> None:
    assert told(SPECS[what])


@pytest.mark.parametrize("what", OTHERS)
def test_what_other_tools_read_is_none(what: str) -> None:
    assert not told(OTHERS[what])


def test_what_is_not_there_or_not_text_is_none() -> None:
    assert not is_spec("gone.yaml", lambda path: None)
    assert not is_spec("a.yaml", lambda path: b"\xff\xfeinput layers extends")
