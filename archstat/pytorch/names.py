"""Names of submodules and classes: a layer's own name, unless Python or PyTorch needs it. Imports no torch."""

import builtins
from keyword import iskeyword

_WORDS = """
    T_destination add_module append apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half
    insert ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters pop
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train
    training type xpu zero_grad
    add_submodule code delete_all_unused_submodules delete_submodule graph meta print_readable recompile to_folder
    """

RESERVED = frozenset(_WORDS.split())
"""The public attributes of nn.Module, nn.Sequential and fx.GraphModule."""


PIECES = ("Attend", "Buffer", "DropPath", "Parameter", "SelfAttention")
"""The classes of pieces.py, which printed code defines for itself."""

IMPORTED = frozenset({"Any", "F", "OrderedDict", "nn", "torch"})
"""What printed code imports, under the names it uses."""

TAKEN = IMPORTED.union(PIECES, dir(builtins))
"""The names that no class of a printed network may hide."""


def module_name(name: str) -> str:
    """Return the name of the submodule for a layer: ``class`` and ``train`` get a ``_``, ``__init__`` a third.

    >>> module_name("conv1"), module_name("1x1"), module_name("class"), module_name("__init__")
    ('conv1', '1x1', 'class_', '__init___')
    """
    if name.startswith("__"):
        # Two at the end are Python's own names; fewer, and a class would put its own name in front.
        return f"{name.rstrip('_')}___"
    taken = iskeyword(name) or name in RESERVED or (name.startswith("_") and not name.endswith("_"))
    return f"{name}_" if taken else name


def class_name(name: str) -> str:
    """Return a class's name for a network's.

    >>> class_name("ResNet-50 (v1.5)"), class_name("2 layers"), class_name("torch")
    ('ResNet_50_v1_5', 'Net_2_layers', 'Net_torch')
    """
    kept = "".join(c if c.isascii() and c.isalnum() else " " for c in name)
    word = "_".join(kept.split())
    free = word[:1].isalpha() and not iskeyword(word) and word not in TAKEN
    return word if free else f"Net_{word}".rstrip("_")
