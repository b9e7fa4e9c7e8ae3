"""A small network, built by hand, with every number worked out here.

layer               output   params                    MACs             activations
input               3x8x8                                               3*8*8 = 192
stem.conv1          4x8x8    4*3*3*3 + 4 = 112         256*27 = 6,912   256
stem.conv1.act      4x8x8                                               0 (in place)
stem.max_pool1      4x4x4                                               64
head.flatten1       64                                                  0 (a view)
head.linear1        10       64*10 + 10 = 650          640              10
head.linear2        10       10*10 + 10 = 110          100              10
head.linear3        10       linear2's                 100              10
aux.linear1 (aux)   5        64*5 + 5 = 325            320              5
"""

from archstat.graph import Builder
from archstat.ops.activation import ReLU
from archstat.ops.conv import Conv
from archstat.ops.linear import Linear
from archstat.ops.pool import MaxPool
from archstat.ops.reshape import Flatten
from archstat.spec.model import Spec
from archstat.tensor import Tensor

PARAMS = 112 + 650 + 110
WEIGHTS = 108 + 640 + 100
MACS = 6_912 + 640 + 100 + 100
ACTIVATIONS = 192 + 256 + 64 + 10 + 10 + 10
SAVED = 4 * 192 + 4 * 256 + 8 * 64 + 4 * 10 + 4 * 10
"""Inputs of the convolution, of the pool (after the activation) and of two linears; the pool's indices.

The frozen linear1 keeps nothing.
"""


def small(batch: int = 1) -> Spec:
    """Return the network of this module's table; linear1 is frozen, linear3 shares linear2's weights."""
    builder = Builder("Small", Tensor((batch, 3, 8, 8)))
    conv = builder.add("stem.conv1", Conv(channels=4, kernel=3, padding=1), (0,))
    act = builder.add("stem.conv1.act", ReLU(inplace=True), (conv,))
    pool = builder.add("stem.max_pool1", MaxPool(kernel=2), (act,))
    flat = builder.add("head.flatten1", Flatten(), (pool,))
    first = builder.add("head.linear1", Linear(features=10), (flat,))
    second = builder.add("head.linear2", Linear(features=10), (first,))
    third = builder.add("head.linear3", Linear(features=10), (second,), owner=second)
    builder.add("aux.linear1", Linear(features=5), (flat,), section="aux")
    graph = builder.build((third,), frozen=frozenset({first}))
    return Spec(name="Small", reference="small.yaml", file="small.yaml", graph=graph)


def chain(layers: int) -> Spec:
    """Return a network of so many 1x1 convolutions, 10 to a stage: 3 weights, then 1 each."""
    builder = Builder("Chain", Tensor((1, 3, 2, 2)))
    at = 0
    for i in range(layers):
        at = builder.add(f"s{i // 10}.conv{i % 10 + 1}", Conv(channels=1, bias=False), (at,))
    return Spec(name="Chain", reference="chain", file="chain", graph=builder.build((at,)))
