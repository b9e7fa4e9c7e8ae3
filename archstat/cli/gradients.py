"""Element types that nothing is trained in."""


def need_gradients(dtype: str, option: str) -> None:
    """Raise a UsageError where PyTorch takes no gradients of a type; ``option`` asks for them."""
    from archstat.errors import UsageError
    from archstat.tensor import WITH_GRADIENTS

    if dtype not in WITH_GRADIENTS:
        raise UsageError(f"PyTorch takes no gradients of {dtype}", hint=f"leave out {option}")
