import re

from bathy.agent.modes.batch.report import report_json, report_of, table_lines
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.batch.webpage import report_page

EVIL = "<script>alert(1)</script>\x1b[2J\u202e"


def result(
    name: str, *, subtype: str = "success", usd: float = 0.0, hit: int = 0
) -> dict[str, object]:
    return {
        "id": name,
        "subtype": subtype,
        "is_error": subtype != "success",
        "error": None if subtype == "success" else f"it broke {EVIL}",
        "total_cost_usd": usd,
        "usage": {"prompt_tokens": 100, "cache_hit_tokens": hit},
        "duration_ms": 2000,
        "patch": None,
        "cache": {"saved_usd": 1.0},
    }


TASKS = [
    BatchTask("a", "why?", "/r/one", "one"),
    BatchTask("b", "why?", "/r/one", "one"),
    BatchTask("c", "why?", "/r/two", EVIL),
    BatchTask("d", "why?", "/r/two", EVIL),
]
RESULTS = {
    "a": result("a", usd=0.25, hit=50),
    "b": result("b", usd=0.5, hit=100),
    "c": result("c", subtype="error_during_execution"),
    "gone": result("gone", usd=9.0),
}


def test_sums_are_by_repository_and_over_the_tasks_of_the_file_alone() -> None:
    report = report_of(TASKS, RESULTS, 3.0)
    one, two = report.rows
    assert (one.answered, one.failed, one.outcomes["left"], one.cost_usd) == (2, 0, 0, 0.75)
    assert (one.hit_share, one.mean_s) == (0.75, 2.0)
    assert (two.answered, two.failed, two.outcomes["left"]) == (0, 1, 1)
    told = report_json(report)["total"]
    assert (told["tasks"], told["cost_usd"], told["cache_hit_share"]) == (4, 0.75, 0.5)


def test_a_table_and_a_page_show_names_and_errors_that_do_nothing() -> None:
    report = report_of(TASKS, RESULTS, 3.0)
    lines = list(table_lines(report))
    assert all(line.isprintable() for line in lines)
    assert len({len(line) for line in lines}) == 1
    page = report_page(report, list(RESULTS.values())[:3])
    assert "<script" not in page
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", page)
    assert "&lt;script&gt;" in page
    assert page.count("<svg") == 2
    assert "had nothing been cached" in page
    assert report_page(report, list(RESULTS.values())[:3]) == page
