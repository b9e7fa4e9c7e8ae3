"""The verbs that change an extended spec's stages: remove, replace, before, after, append, in that order."""

from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, kind_of, printable
from archstat.spec.words import nearest

VERBS = ("remove", "replace", "before", "after", "append")

Entries = list[tuple[Scalar, YamlNode]]


def apply(root: Mapping, layers: YamlNode, *, extends: bool) -> YamlNode:
    """Return ``layers`` with the root's verbs applied."""
    for verb in VERBS:
        node = root.get(verb)
        if node is None:
            continue
        if not extends:
            raise root.key(verb).error(
                f"'{verb}' changes the stages of a spec that 'extends' names"
            )
        if not isinstance(layers, Mapping):
            raise root.key(verb).error("the extended spec's layers are a list: it has no stages")
        if verb == "remove":
            for stage in _names(node):
                layers = _edit(layers, stage, [])
        elif verb == "append":
            layers = _with(layers, [*layers.entries, *_stages(node, verb)], root)
        else:
            layers = _change(verb, node, layers)
    return layers


def _change(verb: str, node: YamlNode, layers: Mapping) -> Mapping:
    for stage, value in _stages(node, verb):
        if verb == "replace":
            layers = _edit(layers, stage, [(None, value)])
        else:
            new = [(key, body) for key, body in _stages(value, verb)]
            layers = _edit(layers, stage, [*new, None] if verb == "before" else [None, *new])
    return layers


def _names(node: YamlNode) -> list[Scalar]:
    items = node.items if isinstance(node, Sequence) else (node,)
    names = [item for item in items if isinstance(item, Scalar)]
    if len(names) != len(items):
        raise node.error("'remove' takes a list of stages")
    return names


def _stages(node: YamlNode, verb: str) -> Entries:
    if not isinstance(node, Mapping) or not node.entries:
        raise node.error(f"'{verb}' maps stages to bodies, but this is {kind_of(node)}")
    return list(node.entries)


def _edit(
    layers: Mapping, stage: Scalar, parts: list[tuple[Scalar | None, YamlNode] | None]
) -> Mapping:
    """Replace one stage, found by its dotted path, by ``parts``: ``None`` stands for the stage as it was,
    a ``None`` key for the stage's own name."""
    return _descend(layers, stage.text.split("."), stage, parts)


def _descend(
    layers: Mapping,
    path: list[str],
    stage: Scalar,
    parts: list[tuple[Scalar | None, YamlNode] | None],
) -> Mapping:
    head, rest = path[0], path[1:]
    if head not in layers.names():
        raise stage.error(
            f"the extended spec has no stage '{printable(stage.text)}'",
            hint=nearest(head, layers.names()),
        )
    entries: Entries = []
    for key, body in layers.entries:
        if key.text != head:
            entries.append((key, body))
        elif rest:
            if not isinstance(body, Mapping):
                raise stage.error(f"'{printable(head)}' is a list: it has no stages of its own")
            entries.append((key, _descend(body, rest, stage, parts)))
        else:
            for part in parts:
                entries.append((key, body) if part is None else (part[0] or key, part[1]))
    return _with(layers, entries, stage)


def _with(layers: Mapping, entries: Entries, at: YamlNode) -> Mapping:
    seen: set[str] = set()
    for key, _ in entries:
        if key.text in seen:
            raise key.error(f"there is a stage '{printable(key.text)}' already")
        seen.add(key.text)
    if not entries:
        raise at.error("no stage is left")
    return Mapping(layers.origin, layers.line, layers.column, tuple(entries))
