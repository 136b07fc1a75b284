"""The HTML report in a real browser: readable everywhere, and hostile records get nowhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from forensics.demo.incident import facts
from tests.support.big_story import big_story
from tests.support.browser import launched, served, visiting
from tests.support.reports import report_of
from tests.unit.report.hostile import EVIL

DESK = {"width": 1280, "height": 800}
TELEPHONE = {"width": 390, "height": 844}
# Jenkins serves archived pages with these: no script, no style sheet, no inline style.
_POLICY = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"
JENKINS = {"Content-Security-Policy": _POLICY}
HOSTILE = (
    "</script></style></title></textarea><script>window.owned=1;alert(1)</script>"
    '"\'><img src=http://evil.example/a.png onerror="window.owned=2;alert(2)">'
    "<svg onload=alert(3)><a href=javascript:alert(4)>x</a>{{7*7}}{% raw %}<!-- ]]>" + EVIL
)


# Attributes that run something.
DANGEROUS = """[...document.querySelectorAll('*')].flatMap((element) => [...element.attributes]).filter(
  (item) => item.name.startsWith('on') || item.value.toLowerCase().startsWith('javascript:')).length"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with launched() as running:
        yield running


@pytest.fixture(scope="module")
def incident(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about some of the demo's incident: a busy machine takes its time for all of it."""
    told = ("CourtCaseManagement", "CourtCaseD", "BackendS", "BackendN")
    tasks = [fact for fact in facts() if fact.type == "aws.ecs.task"][:8]
    others = [
        fact
        for fact in facts()
        if fact.type != "aws.ecs.task"
        and (fact.type != "aws.cloudformation.stack_event" or (fact.subject or "").startswith(told))
    ]
    return report_of([*others, *tasks], tmp_path_factory.mktemp("incident"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about all of it."""
    return report_of(facts(), tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about a deployment of thousands of events."""
    return report_of(big_story(2500), tmp_path_factory.mktemp("big"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report about a deployment whose every name and reason attacks whoever reads it."""
    return report_of(big_story(100, HOSTILE), tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": DESK},
        {"viewport": DESK, "color_scheme": "dark"},
        {"viewport": TELEPHONE},
        {"viewport": TELEPHONE, "java_script_enabled": False},
    ],
    ids=["light", "dark", "telephone", "telephone without JavaScript"],
)
def test_a_page_fits_its_window_and_asks_for_nothing(
    incident: Path, browser: Browser, options: dict[str, Any]
) -> None:
    with visiting(browser, incident, **options) as visit:
        assert visit.overflow <= 0
        assert visit.messages == []
        assert visit.requests == [incident.as_uri()]


def test_dark_is_dark_and_print_is_light(incident: Path, browser: Browser) -> None:
    """Ink costs money, and a dark page on paper cannot be read."""
    ground = "getComputedStyle(document.body).backgroundColor"
    with visiting(browser, incident, viewport=DESK, color_scheme="dark") as visit:
        assert visit.page.evaluate(ground) == "rgb(18, 21, 26)"
        visit.page.emulate_media(media="print")
        assert visit.page.evaluate(ground) == "rgb(255, 255, 255)"
        assert visit.overflow <= 0
        assert not visit.page.locator("nav").is_visible()
        assert not visit.page.locator("#filter").is_visible()
        assert visit.page.get_by_text("routine records are not printed").is_visible()
        assert visit.page.pdf(format="A4").startswith(b"%PDF")


def seen(page: Any) -> dict[str, Any]:
    """Return what a person can see of a report: its text, and how much is drawn."""
    # Sections far below are laid out when somebody scrolls to them; asking for a box does the same.
    counts = """() => ({
      text: [...document.querySelectorAll('main > section')].filter(
        (part) => part.getBoundingClientRect().height > 0).map((part) => part.textContent).join(' '),
      bars: [...document.querySelectorAll('.gantt rect')].filter(
        (bar) => bar.getBoundingClientRect().width > 0 && bar.getAttribute('fill')).length,
      rows: [...document.querySelectorAll('.events tr[id]')].filter(
        (row) => row.getBoundingClientRect().height > 0).length,
    })"""
    return dict(page.evaluate(counts))


def test_a_page_is_whole_without_script_and_style(whole: Path, browser: Browser) -> None:
    """Jenkins, mail programs and previews take both away; what is drawn keeps its colours."""
    with served(browser, whole, JENKINS, viewport=DESK) as visit:
        assert visit.page.evaluate("document.styleSheets.length") == 0
        bare = seen(visit.page)
    with visiting(browser, whole, viewport=DESK, java_script_enabled=False) as visit:
        styled = seen(visit.page)
    assert bare["bars"] == styled["bars"] > 150
    assert bare["rows"] == styled["rows"] > 300
    for text in (
        "A secret's value is not the JSON that the task definition expects",
        "invalid character '!' in string escape code",
        "BackendService0F9E6D3B",
        "Still going on when the rollback began",
        "stopped: TaskFailedToStart",
        "Slowest resources",
        "Head digest",
    ):
        assert text in bare["text"]
        assert text in styled["text"]


@pytest.mark.parametrize(
    "options", [{}, {"viewport": TELEPHONE, "color_scheme": "dark"}], ids=["light", "dark telephone"]
)
def test_nothing_serious_keeps_anybody_from_reading(
    incident: Path, browser: Browser, options: dict[str, Any]
) -> None:
    """Judged by axe-core: contrast, names, structure."""
    with visiting(browser, incident, **{"viewport": DESK, **options}) as visit:
        found = Axe().run(visit.page).response["violations"]
    grave = [
        (item["id"], item["nodes"][0]["html"]) for item in found if item["impact"] in {"serious", "critical"}
    ]
    assert grave == []


def test_words_and_choices_filter_the_events(incident: Path, browser: Browser) -> None:
    with visiting(browser, incident, viewport=DESK) as visit:
        page = visit.page
        shown = page.locator(".events tr[id]:visible")
        total = page.locator(".events tr[id]").count()
        assert 0 < shown.count() < total, "routine records are hidden at first"
        page.get_by_label("How grave").select_option("all records")
        assert shown.count() == total
        page.get_by_label("Filter the events").fill("backendservice0F9E6D3B ECS::Service create_FAILED")
        page.locator("#filter output", has_text="1 of").wait_for()
        assert "ECS Deployment Circuit Breaker" in shown.text_content()
        page.get_by_label("Filter the events").fill("")
        page.get_by_label("Who speaks").select_option("ECS")
        page.get_by_label("How grave").select_option("failures")
        assert 0 < shown.count() < total
        assert set(shown.locator("td:nth-child(3)").all_text_contents()) == {"court-case-backend"}


def test_a_link_to_a_hidden_record_shows_it(incident: Path, browser: Browser) -> None:
    """The chart links to routine records, which the filter hides at first."""
    with visiting(browser, incident, viewport=DESK) as visit:
        row = visit.page.locator(".events tr.routine").first
        assert not row.is_visible()
        visit.page.evaluate("(name) => { location.hash = name }", row.get_attribute("id"))
        row.wait_for(state="visible")


def test_the_chart_can_be_zoomed_and_shown_whole_again(incident: Path, browser: Browser) -> None:
    width = "document.querySelector('tr.cause .bar.failed').getBoundingClientRect().width"
    with visiting(browser, incident, viewport=DESK) as visit:
        before = visit.page.evaluate(width)
        visit.page.get_by_role("button", name="Zoom in").first.click()
        assert visit.page.evaluate(width) == pytest.approx(before * 2, rel=0.01)
        visit.page.get_by_role("button", name="Show the whole time").first.click()
        assert visit.page.evaluate(width) == pytest.approx(before, rel=0.01)
        box = visit.page.locator(".gantt tbody td.time").nth(2).bounding_box()
        visit.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 8)
        visit.page.mouse.down()
        visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
        visit.page.mouse.up()
        assert visit.page.evaluate(width) == pytest.approx(before * 4, rel=0.05)
        assert visit.messages == []


def test_a_command_is_copied(incident: Path, browser: Browser) -> None:
    with visiting(
        browser, incident, viewport=DESK, permissions=["clipboard-read", "clipboard-write"]
    ) as visit:
        visit.page.get_by_role("button", name="Copy the command").first.click()
        visit.page.get_by_text("Copied").first.wait_for()
        copied = visit.page.evaluate("navigator.clipboard.readText()")
        assert copied == visit.page.locator("pre.command code").first.inner_text()
        assert copied.startswith("aws ")


def test_packed_payloads_open_where_their_record_is(big: Path, browser: Browser) -> None:
    """Thousands of payloads do not fit as text; they are all there all the same."""
    with visiting(browser, big, viewport=DESK) as visit:
        row = visit.page.locator(".events tr[data-p]:visible").first
        where = row.locator("td").nth(3).text_content().split()[0]
        row.get_by_role("button").click()
        payload = row.locator("pre")
        payload.wait_for()
        assert f'"LogicalResourceId":"{where}"' in payload.text_content()
        assert visit.messages == []
        assert visit.requests == [big.as_uri()]


@pytest.mark.parametrize("window", [DESK, TELEPHONE], ids=["desk", "telephone"])
def test_hostile_records_run_nothing_and_reach_nobody(
    hostile: Path, browser: Browser, window: dict[str, int]
) -> None:
    """Whoever deploys writes names and reasons; whoever reads the report must not be theirs."""
    with visiting(browser, hostile, viewport=window) as visit:
        page = visit.page
        page.get_by_label("How grave").select_option("all records")
        for summary in page.locator("details > summary").all()[:5]:
            summary.click()
        assert page.evaluate("window.owned") is None
        assert page.locator("img, iframe, object, embed, form, base, link").count() == 0
        assert page.evaluate(DANGEROUS) == 0
        assert "<script>window.owned=1;alert(1)</script>" in page.locator(".events").text_content()
        assert visit.overflow <= 0
        assert (visit.dialogs, visit.messages) == ([], [])
        assert visit.requests == [hostile.as_uri()]


def test_the_policy_stops_what_would_get_into_a_page(hostile: Path, browser: Browser, tmp_path: Path) -> None:
    """A second wall: even a template that forgot to escape would run and load nothing."""
    page = hostile.read_text().replace(
        "<main>",
        "<main><script>window.owned=1</script><img src=http://evil.example/a.png onerror='window.owned=2'>"
        "<style>main { background: url(http://evil.example/b.png) }</style>",
    )
    forged = tmp_path / "forged.html"
    forged.write_text(page)
    with visiting(browser, forged, viewport=DESK) as visit:
        assert visit.page.evaluate("window.owned") is None
        assert visit.blocked == ["http://evil.example/a.png"]
        assert visit.requests == [forged.as_uri()]
