"""The options of a test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="rewrite the outputs that are kept in files: golden files, and what the docs show",
    )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether to rewrite what is kept instead of comparing with it."""
    return bool(request.config.getoption("--update"))
