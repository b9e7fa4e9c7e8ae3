"""Which key of an entry names its layer, and what is meant where none or several do."""

from collections.abc import Collection

from archstat.errors import SpecError
from archstat.ops import catalogue
from archstat.spec.heading import Block
from archstat.spec.nodes import Mapping, Scalar, YamlNode, printable
from archstat.spec.options import inserted_as, unknown_layer
from archstat.spec.recipe import required

Head = tuple[Scalar, YamlNode]


class Words:
    """The words that can be layers: the ops, and the blocks of one spec."""

    def __init__(self, blocks: dict[str, Block]) -> None:
        self.blocks = blocks
        self.known = frozenset((*catalogue.CATALOGUE, *blocks))

    def head(self, mapping: Mapping) -> Head:
        """Return the key that names the op or block, and its value: the one that may hold all others."""
        entries = mapping.entries
        heads = [e for e in entries if e[0].text in self.known or e[0].text == "identity"]
        if len(heads) == 1:
            return heads[0]
        if not heads:
            source = mapping.get("from")
            if source is None:
                raise self._no_head(mapping)
            return mapping.key("from"), source
        for head in heads:
            held = self._held(head[0])
            if all(other is head or other[0].text in held for other in heads):
                return head
        first = heads[0][0]
        held = self._held(first)
        raise _two_heads(first, next(key for key, _ in heads[1:] if key.text not in held))

    def stand_alone(self, word: str) -> bool:
        """Say whether a word is a layer without any option."""
        op = catalogue.CATALOGUE.get(word)
        if op is not None:
            return op.arity is not None and not required(op)
        block = self.blocks.get(word)
        return block is not None and len(block.defaults) == len(block.params)

    def no_body(
        self, key: Scalar, value: Scalar, mapping: Mapping, stage: Scalar | None
    ) -> SpecError:
        """Return the error for ``fc: {linear: 10}``, a layer that stands where a body should."""
        if stage is not None and stage.text in self.known and key.text not in self.known:
            return stage.error(
                f"'{stage.text}' stands where a body should",
                hint=f"a body is a list of layers: put [ ] around it, as in [{stage.text}: ...]",
            )
        text, said = printable(key.text), printable(value.text)
        if key.text in self.known:
            layer = f"{text}: {said}" if said else text
            hint = layer if len(mapping.entries) == 1 else f"{{{layer}, ...}}"
            return key.error(
                f"'{layer}' is a layer where a body should be",
                hint=f"a body is a list: write [{hint}]",
            )
        if not said:
            return key.error(f"'{text}' is empty", hint="write identity for nothing")
        return key.error(
            f"'{text}: {said}' is not a body", hint=f"a body is a list: write {text}: [{said}]"
        )

    def _held(self, head: Scalar) -> Collection[str]:
        """Return what may stand beside a word."""
        op = catalogue.CATALOGUE.get(head.text)
        if op is not None:
            return op.options()
        return self.blocks[head.text].params if head.text in self.blocks else ()

    def _no_head(self, mapping: Mapping) -> SpecError:
        """Return the error for an entry without a known word: the key that looks most like one is wrong."""
        errors = [unknown_layer(key, self.known) for key, _ in mapping.entries[:8]]
        return next((e for e in errors if e.hint and e.hint.startswith("archstat")), errors[0])


def _two_heads(first: Scalar, second: Scalar) -> SpecError:
    op = catalogue.CATALOGUE.get(first.text)
    hint = "is a '- ' missing before it?"
    for word in ("norm", "act") if op is not None and op.finishes else ():
        inserted = inserted_as(word, second.text)
        if inserted is not None:
            hint = f"write '{word}: {inserted}', or put '- ' before it"
    return second.error(
        f"'{second.text}' beside '{first.text}': an entry names one layer", hint=hint
    )
