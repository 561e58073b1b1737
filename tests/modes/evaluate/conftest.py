import pytest
from evaluate_history import History, build_history
from repo_builder import RepoBuilder


@pytest.fixture
def history(repo: RepoBuilder) -> History:
    return build_history(repo)
