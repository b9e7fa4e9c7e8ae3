"""Specs as text in the test: written to a folder of their own, and loaded from there by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archstat.errors import ArchstatError
from archstat.graph import Graph
from archstat.spec import Settings, Spec, load

Load = Callable[..., Spec]
Build = Callable[..., Graph]
Refused = Callable[..., str]

NAME = "net.yaml"


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a spec from its text; ``files`` are others beside it, by name."""
    monkeypatch.chdir(tmp_path)

    def load_text(
        text: str | bytes,
        settings: Settings | None = None,
        files: dict[str, str] | None = None,
    ) -> Spec:
        for name, other in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(other, encoding="utf-8")
        data = text if isinstance(text, bytes) else text.encode()
        Path(NAME).write_bytes(data)
        return load(NAME, settings or Settings())

    return load_text


@pytest.fixture
def build(load_text: Load) -> Build:
    """Load a spec from its text and return the graph."""

    def build(*args: object, **options: object) -> Graph:
        return load_text(*args, **options).graph

    return build


@pytest.fixture
def refused(load_text: Load) -> Refused:
    """Load a spec that doesn't hold and return the whole message."""

    def refused(*args: object, **options: object) -> str:
        with pytest.raises(ArchstatError) as caught:
            load_text(*args, **options)
        return str(caught.value)

    return refused
