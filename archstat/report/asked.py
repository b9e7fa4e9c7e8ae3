"""What is asked of several specs together, beyond what they say themselves."""

from archstat.report.report import Conditions
from archstat.spec.model import Settings


def asked(settings: Settings, *, aux: bool) -> Conditions:
    """Return what holds for each of the specs; without an input it is each spec's own."""
    return Conditions(
        input=settings.input or (),
        batch=settings.batch,
        dtype=settings.dtype,
        aux=aux,
        variables=settings.variables,
        transfer=settings.transfer,
    )
