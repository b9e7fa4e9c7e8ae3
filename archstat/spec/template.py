"""The spec that ``archstat new`` writes: small, complete, and pointing editors at the schema."""

SCHEMA_LINE = "# yaml-language-server: $schema={schema}"

_TEMPLATE = """\
{schema}
name: {name}
about: A small image classifier to start from.
input: [3, 32, 32]                  # channels first, without the batch
vars: {{classes: 10, width: 32}}

defaults:
  conv: {{kernel: 3, padding: same, bias: false, norm: batch, act: relu}}

blocks:
  residual(out, stride=1):
    - add:
        main:     [{{conv: out, stride: stride}}, {{conv: out, act: none}}]
        shortcut: [{{conv: out, kernel: 1, stride: stride, act: none, when: stride > 1 or channels != out}}]
    - {{relu: , inplace: true}}

layers:
  stem:   [conv: width]
  stage1: [{{residual: width, repeat: 2}}]
  stage2: [{{residual: 2*width, stride: 2}}, residual: 2*width]
  head:   [global_avg_pool, flatten, linear: classes]
"""


def template(name: str, schema: str) -> str:
    """Return a starting spec called ``name`` whose first line names the JSON Schema at ``schema``."""
    import json

    return _TEMPLATE.format(name=json.dumps(name), schema=SCHEMA_LINE.format(schema=schema))
