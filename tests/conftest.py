"""The options of a test run."""

import pytest
from hypothesis import settings

# Every run draws the same examples, so that a commit passes or fails for what it changes;
# --hypothesis-profile default draws others.
settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("fixed")


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
