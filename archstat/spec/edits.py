"""The verbs that change an extended spec's stages: remove, replace, before, after, append, in that order."""

from collections.abc import Iterator

import msgspec

from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, kind_of, printable
from archstat.spec.words import nearest

VERBS = ("remove", "replace", "before", "after", "append")

Entries = list[tuple[Scalar, YamlNode]]


class Edit(msgspec.Struct, frozen=True, eq=False):
    """What comes in the place of one stage; ``stays`` says whether the stage itself is kept, and where."""

    stage: Scalar
    path: list[str]
    before: Entries
    body: YamlNode | None
    after: Entries
    stays: bool = True

    def parts(self, key: Scalar, body: YamlNode) -> Iterator[tuple[Scalar, YamlNode]]:
        """Yield the entries that stand where the stage stood."""
        yield from self.before
        if self.stays:
            yield key, body if self.body is None else self.body
        yield from self.after


def apply(root: Mapping, layers: YamlNode, base: str | None) -> YamlNode:
    """Return the layers of the spec ``base``, which the root extends, with the root's verbs applied."""
    for verb in VERBS:
        node = root.get(verb)
        if node is None:
            continue
        if base is None:
            raise root.key(verb).error(
                f"'{verb}' changes the stages of a spec that 'extends' names"
            )
        if not isinstance(layers, Mapping):
            raise root.key(verb).error(f"the layers of {base} are a list: they have no stages")
        if verb == "append":
            layers = _with(layers, [*layers.entries, *_stages(node, verb)], node)
        else:
            layers = _edited(layers, list(_edits(verb, node)), 0, base)
    return layers


def _edits(verb: str, node: YamlNode) -> Iterator[Edit]:
    if verb == "remove":
        for stage in _names(node):
            yield Edit(stage, stage.text.split("."), [], None, [], stays=False)
        return
    for stage, value in _stages(node, verb):
        path = stage.text.split(".")
        if verb == "replace":
            yield Edit(stage, path, [], value, [])
        elif verb == "before":
            yield Edit(stage, path, _stages(value, verb), None, [])
        else:
            yield Edit(stage, path, [], None, _stages(value, verb))


def _names(node: YamlNode) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else (node,):
        if not isinstance(item, Scalar):
            raise item.error(f"'remove' takes a list of stages, but this is {kind_of(item)}")
        yield item


def _stages(node: YamlNode, verb: str) -> Entries:
    if not isinstance(node, Mapping) or not node.entries:
        inner = "{stage: body}" if verb in ("replace", "append") else "{stage: {new: body}}"
        raise node.error(
            f"'{verb}' maps stages to bodies, but this is {kind_of(node)}", hint=f"write {inner}"
        )
    return list(node.entries)


def _edited(layers: Mapping, edits: list[Edit], level: int, base: str) -> Mapping:
    """Apply one verb's edits, whose paths lead here through ``level`` names already."""
    names = set(layers.names())
    here: dict[str, Edit] = {}
    inner: dict[str, list[Edit]] = {}
    for edit in edits:
        head = edit.path[level]
        if head not in names:
            raise edit.stage.error(
                f"{base} has no stage '{printable(edit.stage.text)}'", hint=nearest(head, names)
            )
        if level + 1 < len(edit.path):
            inner.setdefault(head, []).append(edit)
        elif head in here:
            raise edit.stage.error(f"the stage '{printable(edit.stage.text)}' is named twice")
        else:
            here[head] = edit
    entries: Entries = []
    for key, body in layers.entries:
        if key.text in inner:
            _refuse_lost(inner[key.text][0], here.get(key.text))
            body = _inside(key, body, inner[key.text], level, base)
        edit_here = here.get(key.text)
        if edit_here is None:
            entries.append((key, body))
        else:
            entries += edit_here.parts(key, body)
    return _with(layers, entries, edits[0].stage)


def _refuse_lost(inside: Edit, around: Edit | None) -> None:
    """Raise if an edit is inside a stage that the same verb replaces or removes."""
    if around is not None and (around.body is not None or not around.stays):
        raise inside.stage.error(
            f"'{printable(inside.stage.text)}' is inside '{printable(around.stage.text)}', which goes as well"
        )


def _inside(key: Scalar, body: YamlNode, edits: list[Edit], level: int, base: str) -> Mapping:
    if not isinstance(body, Mapping):
        raise edits[0].stage.error(
            f"the stage '{printable(key.text)}' of {base} is a list: it has no stages of its own"
        )
    return _edited(body, edits, level + 1, base)


def _with(layers: Mapping, entries: Entries, at: YamlNode) -> Mapping:
    seen: set[str] = set()
    for key, _ in entries:
        if key.text in seen:
            raise key.error(f"there is a stage '{printable(key.text)}' already")
        seen.add(key.text)
    if not entries:
        raise at.error("no stage is left")
    return Mapping(layers.origin, layers.line, layers.column, tuple(entries))
