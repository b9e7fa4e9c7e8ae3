"""Random specs and random edits of them, for comparisons to attribute."""

import random

import msgspec

Entry = str
Body = dict[str, list[Entry]]
"""Stages of entries, as text."""

_ENTRIES = (
    "conv: 4",
    "{conv: 8, kernel: 3, padding: same}",
    "{conv: 8, kernel: 3, padding: same, norm: batch, act: relu}",
    "relu",
    "{max_pool: 2, stride: 1, padding: 1}",
    "batch_norm",
    "{conv: 6, bias: false, act: gelu}",
    "{dropout: 0.5}",
    "block: 4",
    "{block: 8, repeat: 2}",
    "add: [[{conv: 8, name: left}], [{conv: 8, kernel: 3, padding: same, name: right}]]",
)

_HEAD = """input: [3, 9, 9]
blocks:
  block(width): [{conv: width, kernel: 3, padding: same, norm: batch, act: relu}, conv: 8]
layers:
"""


class Net(msgspec.Struct):
    """A spec that can be edited."""

    stages: Body

    @property
    def text(self) -> str:
        lines = [_HEAD.rstrip()]
        for name, entries in self.stages.items():
            lines += [f"  {name}:", *(f"    - {entry}" for entry in entries)]
        return "\n".join(lines) + "\n"


def made(seed: random.Random) -> Net:
    """Return a random spec of a few stages."""
    return Net(
        {
            f"stage{n}": [seed.choice(_ENTRIES) for _ in range(seed.randint(1, 6))]
            for n in range(seed.randint(1, 5))
        }
    )


def edited(net: Net, seed: random.Random) -> Net:
    """Return the spec with a few things inserted, removed, changed, renamed, moved or regrouped."""
    stages = {name: list(entries) for name, entries in net.stages.items()}
    for _ in range(seed.randint(1, 4)):
        name = seed.choice(list(stages))
        entries = stages[name]
        kind = seed.randrange(7)
        at = seed.randrange(len(entries))
        if kind == 0:
            entries.insert(at, seed.choice(_ENTRIES))
        elif kind == 1 and len(entries) > 1:
            del entries[at]
        elif kind == 2:
            entries[at] = seed.choice(_ENTRIES)
        elif kind == 3:
            new = f"other{seed.randrange(100)}"
            stages = {new if n == name else n: e for n, e in stages.items()}
        elif kind == 4:
            entries.append(entries.pop(at))
        elif kind == 5:
            stages[f"fresh{seed.randrange(100)}"] = [seed.choice(_ENTRIES)]
        elif len(stages) > 1:
            entries = stages.pop(name)
            stages[next(iter(stages))] += entries
    return Net(stages)
