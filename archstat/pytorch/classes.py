"""The classes of a printed network: __init__ and forward of each part that is no straight line."""

from collections.abc import Iterable, Iterator, Sequence

from archstat.graph import Graph
from archstat.pytorch.names import IMPORTED, TAKEN, module_name
from archstat.pytorch.outline import Part, batches, stateful
from archstat.pytorch.spelling import Spelling, spell

_TAB = "    "


class Writer:
    """Writes parts; ``classes`` are the sources of those that needed a class, inner ones first."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.classes: list[str] = []
        self._names: dict[str, str] = {}
        self._taken = set(TAKEN)
        self._batched = batches(graph)

    def top(self, part: Part, name: str, afterwards: Iterable[str]) -> str:
        """Return the source of the whole network's class; ``afterwards`` ends its __init__."""
        self._taken.add(name)
        return self._class(part, self.graph.outputs, afterwards).replace("NAME", name, 1)

    def spelling(self, index: int) -> Spelling:
        node = self.graph.nodes[index]
        return spell(node.op, node.io, [self._batched[i] for i in node.inputs])

    def _constructor(self, part: Part) -> list[str]:
        """Return the lines that make a part's module."""
        if part.node is not None:
            return [self.spelling(part.node).text]
        if self._straight(part):
            return self._sequential(part)
        body = self._class(part, part.outputs, ())
        if body not in self._names:
            self._names[body] = name = self._free_class_name(part.path)
            self.classes.append(body.replace("NAME", name, 1))
        return [f"{self._names[body]}()"]

    def _straight(self, part: Part) -> bool:
        """Say whether each child takes what the one before gives, and nothing else is read or returned."""
        if len(part.inputs) != 1:
            return False
        held = part.inputs[0]
        for child in part.children:
            single = child.node is None or self.spelling(child.node).is_module
            nested = "." in _within(part, child) and stateful(self.graph.nodes[child.nodes[0]])
            reads = _operands(self.graph, child)
            if not single or nested or reads != (held,):
                return False
            if child.node is None and child.outputs != (child.nodes[-1],):
                return False
            held = child.nodes[-1]
        used = [i for child in part.children for i in child.outputs]
        return part.outputs == (held,) and len(used) == len(part.children)

    def _sequential(self, part: Part) -> list[str]:
        names = Attributes(self.graph)
        made = [(names.of(part, child), self._constructor(child)) for child in part.children]
        named = all(name.isidentifier() for name, _ in made)
        lines = ["nn.Sequential(", f"{_TAB}OrderedDict({'' if named else '['}"]
        for name, (first, *rest) in made:
            start = f"{name}={first}" if named else f'("{name}", {first}'
            block = [start, *rest]
            block[-1] += "," if named else "),"
            lines += [f"{_TAB * 2}{line}" for line in block]
        return [*lines, f"{_TAB}{')' if named else '])'}", ")"]

    def _class(self, part: Part, outputs: Sequence[int], afterwards: Iterable[str]) -> str:
        names = Attributes(self.graph)
        making: list[str] = []
        calls: list[str] = []
        for child in part.children:
            if child.node is not None and not self.spelling(child.node).is_module:
                calls.append(self.spelling(child.node).text)
                continue
            name = names.of(part, child)
            making += _assignment(name, self._constructor(child))
            operands = ", ".join(f"{{{i}}}" for i in range(len(_operands(self.graph, child))))
            calls.append(f"{access('self', name)}({operands})")
        lines = ["class NAME(nn.Module):"]
        if making:
            lines += [f"{_TAB}def __init__(self) -> None:", f"{_TAB * 2}super().__init__()"]
            lines += [f"{_TAB * 2}{line}" for line in (*making, *afterwards)]
            lines.append("")
        forward = Forward(self.graph, part, outputs)
        lines.append(f"{_TAB}def forward(self, {', '.join(forward.arguments)}):")
        lines += [f"{_TAB * 2}{line}" for line in forward.lines(calls)]
        return "\n".join(lines)

    def _free_class_name(self, path: str) -> str:
        words = [w for part in path.split(".") for w in _identifier(part).split("_") if w]
        name = "".join(word[:1].upper() + word[1:] for word in words)
        name = name if name[:1].isalpha() else f"Part{name}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


class Attributes:
    """The names of a class's children: a layer with params keeps its path, another takes any that is free."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._taken: set[str] = set()

    def of(self, part: Part, child: Part) -> str:
        """Return the dotted name of ``child`` inside ``part``."""
        within = _within(part, child)
        if child.node is not None and not stateful(self.graph.nodes[child.node]):
            word = within or self.graph.nodes[child.node].op.word
            name = module_name(_identifier(word.replace(".", "_")))
            while name in self._taken or any(
                name == _within(part, c) for c in part.children if c is not child
            ):
                name += "_"
        else:
            name = ".".join(map(module_name, within.split(".")))
        self._taken.add(name)
        return name


class Forward:
    """The statements of one forward method: which variable holds which node's output."""

    def __init__(self, graph: Graph, part: Part, outputs: Sequence[int]) -> None:
        self.graph, self.part, self.outputs = graph, part, outputs
        self._last_use: dict[int, int] = {}
        for at, child in enumerate(part.children):
            for i in _operands(graph, child):
                self._last_use[i] = at
        self._last_use.update(dict.fromkeys(outputs, len(part.children)))
        self._variables: dict[int, str] = {}
        self._used = {"self", "x", *IMPORTED}
        if len(part.inputs) == 1:
            self._variables[part.inputs[0]] = "x"
        for i in part.inputs:
            self._variables.setdefault(i, self._fresh(graph.nodes[i].path.rpartition(".")[2]))

    @property
    def arguments(self) -> list[str]:
        return [self._variables[i] for i in self.part.inputs]

    def lines(self, calls: Sequence[str]) -> Iterator[str]:
        """Yield a statement for each child's call, then the return."""
        for at, (child, call) in enumerate(zip(self.part.children, calls, strict=True)):
            value = call.format(*(self._variables[i] for i in _operands(self.graph, child)))
            made = child.outputs or ((child.node,) if child.node is not None else ())
            targets = [self._target(i, at, child) for i in made]
            yield f"{', '.join(targets)} = {value}" if targets else value
        if self.outputs:
            yield f"return {', '.join(self._variables[i] for i in self.outputs)}"

    def _target(self, node: int, at: int, child: Part) -> str:
        """Reuse ``x`` once nothing needs what it holds; else give the value a name of its own."""
        held = next((i for i, name in self._variables.items() if name == "x"), None)
        if held is None or self._last_use.get(held, -1) <= at:
            if held is not None:
                del self._variables[held]
            self._variables[node] = "x"
            return "x"
        word = (
            child.name
            if len(child.outputs) <= 1
            else self.graph.nodes[node].path.rpartition(".")[2]
        )
        self._variables[node] = self._fresh(word)
        return self._variables[node]

    def _fresh(self, word: str) -> str:
        name = module_name(_identifier(word))
        while name in self._used:
            name += "_"
        self._used.add(name)
        return name


def access(root: str, dotted: str) -> str:
    """Write how to reach a submodule: ``self.conv1.norm``, or get_submodule where a name is no identifier."""
    for name in map(module_name, dotted.split(".")):
        root += f".{name}" if name.isidentifier() else f'.get_submodule("{name}")'
    return root


def _assignment(name: str, made: Sequence[str]) -> list[str]:
    around, _, last = name.rpartition(".")
    at = access("self", around) if around else "self"
    first, *rest = made
    if last.isidentifier():
        return [f"{at}.{last} = {first}", *rest]
    lines = [f'{at}.add_module("{last}", {first}', *rest]
    lines[-1] += ")"
    return lines


def _operands(graph: Graph, child: Part) -> tuple[int, ...]:
    """Return the nodes that a child is called with: a layer's own inputs, with repetitions, or a part's."""
    return child.inputs if child.node is None else graph.nodes[child.node].inputs


def _within(part: Part, child: Part) -> str:
    return child.path[len(part.path) :].lstrip(".")


def _identifier(word: str) -> str:
    """Make a word an identifier: ``3x3`` becomes ``_3x3``, ``a-b`` ``a_b``."""
    kept = "".join(c if c.isascii() and c.isalnum() else "_" for c in word)
    return kept if kept[:1].isalpha() else f"n{kept}"
