"""One step of training: forward, backward and the optimizer's step, with all memory that is alive meanwhile."""

import msgspec

from archstat.graph import Graph
from archstat.ops.gradient import ADDED, CAST, NEW, Gathered, Gradient
from archstat.ops.tape import Learned, Mode
from archstat.passes.checkpoint import NOTHING, Checkpoint
from archstat.passes.forward_run import ForwardRun
from archstat.passes.learning import Weight, learning
from archstat.passes.ledger import Ledger
from archstat.passes.loss import add_losses, classes, ends
from archstat.passes.optimizers import Optimizer, state_bytes, transients
from archstat.passes.params import buffer_bytes
from archstat.passes.reached import reached_steps
from archstat.passes.trace import Ran, Value, traced
from archstat.tensor import BYTES, Tensor


class Held(msgspec.Struct, frozen=True):
    """A gradient on its way: the memory it is in, its layout, and whether it is a view of another tensor."""

    number: int
    tensor: Tensor
    view: bool = False


class TrainingStep:
    """Runs one step of training on names alone, the optimizer's state being there already.

    As in a loop of ``zero_grad(set_to_none=True)``, ``y = model(x)``, ``loss = cross_entropy(y, labels)``,
    ``loss.backward()``, ``optimizer.step()``: whoever calls holds x, the labels, y and the loss to the end. Auxiliary
    heads have losses of their own, which are added. ``in_place`` says that gradients that meet are added into the
    first, as PyTorch does unless a dispatch mode watches it. Stretches behind a ``checkpoint`` keep what enters them,
    and run again in the backward pass.
    """

    def __init__(
        self,
        graph: Graph,
        mode: Mode,
        optimizer: Optimizer,
        *,
        in_place: bool = True,
        input_grad: bool = False,
        checkpoint: Checkpoint = NOTHING,
    ) -> None:
        self.graph, self.optimizer, self.in_place = graph, optimizer, in_place
        self.device = mode.device
        self.ledger = Ledger()
        tracing, values = traced(graph, mode, input_grad=input_grad)
        self.ends = ends(graph)
        self.outputs = [values[i] for i in self.ends]
        self.loss = add_losses(tracing, self.outputs, mode)
        self.steps = tuple(tracing.ran)
        self.sizes, self.values = tracing.sizes, values
        self.there = ForwardRun(self.ledger, graph, tracing, values, mode, checkpoint, self.loss)
        reached = reached_steps(self.steps, [self.loss])
        self.weights = learning(graph, self.steps, reached, mode)
        self._waiting: dict[int, Held] = {}
        self._parts: dict[int, list[Held]] = {}
        self._arrived: dict[tuple[int, str], Held] = {}
        self._left = {key: weight.uses for key, weight in self.weights.items()}

    def run(self) -> Ledger:
        """Return the ledger of the whole step."""
        self._static()
        self._forward()
        self._backward()
        self._optimizer_step()
        return self.ledger

    def _static(self) -> None:
        ledger, size = self.ledger, BYTES[self.graph.dtype]
        for index, (node, buffers) in enumerate(
            zip(self.graph.nodes, buffer_bytes(self.graph), strict=True)
        ):
            if node.owner == index:
                for shape in node.params().values():
                    ledger.make("parameters", index, Tensor(shape).numel * size)
            if buffers:
                ledger.make("buffers", index, buffers)
        for weight in self.weights.values():
            for nbytes in state_bytes(self.optimizer, weight.tensor, self.device):
                ledger.make("optimizer state", weight.node, nbytes)
        for index, node in enumerate(self.graph.nodes):
            if not node.inputs:
                storage = self.values[index].storage
                self.there.places[storage] = ledger.make("input", index, self.sizes[storage])
        for index, y in zip(self.ends, self.outputs, strict=True):
            ledger.make("labels", index, BYTES["int64"] * (y.tensor.numel // classes(y.tensor)))

    def _forward(self) -> None:
        given = (self.values[i] for i, n in enumerate(self.graph.nodes) if not n.inputs)
        held = (*self.outputs, self.loss, *given)
        self.there.forward({value.storage for value in held})

    def _backward(self) -> None:
        ledger = self.ledger
        ledger.at("backward", self.graph.outputs[0])
        loss = self.loss.tensor
        root = Held(ledger.make("gradients", -1, loss.nbytes), loss)
        ledger.hold(root.number)
        self._waiting[self.loss.number] = root
        for moment, ran in reversed(tuple(enumerate(self.steps))):
            g = self._waiting.pop(ran.y.number, None)
            if g is None:
                continue
            ledger.at("backward", ran.node)
            self._through(moment, g)
        ledger.drop(root.number)

    def _through(self, moment: int, g: Held) -> None:
        """Run one node of PyTorch's autograd graph: that of a step."""
        ran = self.steps[moment]
        if ran.step.gradients and isinstance(ran.step.gradients[0], Gathered):
            self._gather(ran, g, last=ran.step.gradients[0].last)
            return
        self.there.unpack(moment)
        wanted = [(i, value) for i, value in enumerate(ran.inputs) if value.needs_grad]
        # PyTorch works through a formula's operands by name: other before self, mat2 before self.
        made = [self._gradient(ran, i, value, g) for i, value in reversed(wanted)][::-1]
        own = [(w, one, self._of_weight(ran, w, one, g)) for w, one in self._own(ran)]
        for number in self._unasked(ran, g):
            self.ledger.drop(number)
        self.there.formula_done(moment)
        made = [
            self._fitted(ran, x, value.tensor, added=_flow(ran, i) is ADDED)
            for (i, value), x in zip(wanted, made, strict=True)
        ]
        own = [(w, one, self._fitted(ran, x, w.tensor, added=one.added)) for w, one, x in own]
        self.ledger.drop(g.number)
        self.there.node_done(moment)
        # A bias that was added is the first operand; the weight is transposed back before its gradient arrives, in a
        # node of its own.
        biases = [(weight, x) for weight, one, x in own if one.added]
        added = [self._learn(weight, x) for weight, x in biases]
        added += [self._arrive(ran, value, x) for (_, value), x in zip(wanted, made, strict=True)]
        if biases:
            self._drop(added)
            added = []
        self._drop([*added, *(self._learn(weight, x) for weight, one, x in own if not one.added)])

    def _drop(self, added: list[int | None]) -> None:
        for number in added:
            if number is not None:
                self.ledger.drop(number)

    def _gather(self, ran: Ran, part: Held, *, last: bool) -> None:
        """Let the gradients of a split's parts wait for the last, and put them together."""
        (value,) = ran.inputs
        parts = self._parts.setdefault(value.number, [])
        parts.append(part)
        if last:
            whole = value.tensor.with_shape(*value.tensor.shape)
            number = self.ledger.make("gradients", ran.node, whole.nbytes)
            for one in parts:
                self.ledger.drop(one.number)
            self._drop([self._arrive(ran, value, Held(number, whole))])

    def _gradient(self, ran: Ran, i: int, value: Value, g: Held) -> Held:
        flow = _flow(ran, i)
        passed = flow.passed(g.tensor, value.tensor)
        if passed is not None:
            self.ledger.hold(g.number)
            return Held(g.number, passed, g.view or passed is not g.tensor)
        asked = not (flow.watched and self.in_place)
        beside = [
            self.ledger.make("temporary", ran.node, t.nbytes)
            for t in (flow.temporaries(g.tensor, value.tensor) if asked else ())
        ]
        new = flow.made(g.tensor, value.tensor)
        number = self.ledger.make("gradients", ran.node, new.nbytes)
        for temporary in beside:
            self.ledger.drop(temporary)
        return Held(number, new, flow.viewed)

    def _of_weight(self, ran: Ran, weight: Weight, one: Learned, g: Held) -> Held:
        if ran.step.shares == -1 or one.added:
            self.ledger.hold(g.number)
            return Held(g.number, g.tensor, g.view or not one.added)
        tensor = CAST.made(g.tensor, weight.tensor) if one.cast else one.made or weight.tensor
        number = self.ledger.make("parameter gradients", weight.node, tensor.nbytes)
        return Held(number, tensor, one.viewed)

    def _unasked(self, ran: Ran, g: Held) -> list[int]:
        """Make the gradients that nothing needs, but that come with the others."""
        if not ran.step.unasked:
            return []
        tensors = [
            _flow(ran, i).made(g.tensor, value.tensor)
            for i, value in enumerate(ran.inputs)
            if not value.needs_grad
        ]
        if not ran.trained:
            tensors += [one.made for one in ran.step.learns if one.made]
        return [self.ledger.make("temporary", ran.node, t.nbytes) for t in tensors]

    def _fitted(self, ran: Ran, x: Held, to: Tensor, *, added: bool = False) -> Held:
        """Sum over the axes along which the input was repeated, or rows that a bias was added to; cast to its type."""
        if x.tensor.numel != to.numel or added:
            # Axes that go after the sum go in a view.
            fewer = x.view or len(x.tensor.shape) > len(to.shape)
            x = self._instead(ran, x, to.with_shape(*to.shape).with_dtype(x.tensor.dtype), fewer)
        if x.tensor.dtype != to.dtype:
            x = self._instead(ran, x, CAST.made(x.tensor, to))
        return x

    def _instead(self, ran: Ran, x: Held, tensor: Tensor, view: bool = False) -> Held:
        number = self.ledger.make("gradients", ran.node, tensor.nbytes)
        self.ledger.drop(x.number)
        return Held(number, tensor, view)

    def _own(self, ran: Ran) -> list[tuple[Weight, Learned]]:
        if not ran.trained:
            return []
        owner = self.graph.nodes[ran.node].owner
        return [(self.weights[owner, one.name], one) for one in ran.step.learns]

    def _arrive(self, ran: Ran, value: Value, new: Held) -> int | None:
        """Hand a gradient on; return the memory of one that was added to another, which its node holds to its end."""
        old = self._waiting.get(value.number)
        self._waiting[value.number] = new if old is None else self._added(ran.node, old, new)
        return None if old is None else new.number

    def _added(self, node: int, old: Held, new: Held) -> Held:
        ledger = self.ledger
        alone = ledger.holders(old.number) == 1 and not old.view
        if self.in_place and alone and _dense(old.tensor):
            return old
        number = ledger.make("gradients", node, old.tensor.nbytes)
        ledger.drop(old.number)
        return Held(number, old.tensor.fresh())

    def _learn(self, weight: Weight, new: Held) -> int | None:
        """Hand a parameter its gradient; return as for :meth:`_arrive`."""
        key = (weight.node, weight.name)
        old, added = self._arrived.get(key), None
        if old is not None:
            added, new = new.number, self._added(weight.node, old, new)
        self._left[key] -= 1
        if not self._left[key] and new.tensor.strides is not None:
            # Laid out unlike its parameter, the gradient is copied.
            number = self.ledger.make("parameter gradients", weight.node, weight.tensor.nbytes)
            self.ledger.drop(new.number)
            new = Held(number, weight.tensor)
        self.ledger.relabel(new.number, "parameter gradients")
        self._arrived[key] = new
        return added

    def _optimizer_step(self) -> None:
        ledger = self.ledger
        ledger.at("optimizer step", -1)
        for node, sizes in transients(self.optimizer, list(self.weights.values())):
            ledger.at("optimizer step", node)
            numbers = [ledger.make("temporary", node, nbytes) for nbytes in sizes]
            for number in numbers:
                ledger.drop(number)


def _flow(ran: Ran, i: int) -> Gradient:
    return ran.step.gradients[i] if ran.step.gradients else NEW


def _dense(x: Tensor) -> bool:
    """Say whether the elements fill a stretch of memory, in whatever order."""
    step = 1
    for held, n in sorted(zip(x.steps(), x.shape, strict=True)):
        if n > 1:
            if held != step:
                return False
            step *= n
    return True
