"""A page in a language that writes a decimal comma: what people read has one, what browsers read has none."""

import re
from dataclasses import replace

from stats.domain.records import QueueLogin
from tests.pages.conftest import Look
from tests.pages.site_map import PAGES
from tests.push.floor import SALES, Worker, ready

# Django writes a number in a template as the reader's language does, and a browser gives up on `height="238,0"`.
A_LENGTH = re.compile(
    r'\b(x|y|x1|x2|y1|y2|cx|cy|r|rx|dx|dy|width|height|value|min|max|step|data-[\w-]+)="(-?[\d\xa0\u202f]+,\d+)(?:px|%)?"'
)


async def test_no_length_on_any_page_is_written_with_a_decimal_comma(worker: Worker, look: Look) -> None:
    # Lanes of two queues stand half a gap apart.
    here = ready()
    await worker.tell(replace(here, logged_in=(*here.logged_in, QueueLogin(queue=SALES, since=here.profile_since))))
    # The floor of this room has no call `one`.
    paths = [path.replace("/calls/one/", "/calls/answered/") for name, path in PAGES.items() if name != "nothing here"]
    drawn: dict[str, str] = {path: (await look(path, language="sv")).content.decode() for path in paths}
    assert all('lang="sv"' in html for html in drawn.values()), [path for path, html in drawn.items() if 'lang="sv"' not in html]
    assert {path: found for path, html in drawn.items() if (found := A_LENGTH.findall(html))} == {}
    assert drawn["/agents/924328/"].count('data-lane="login"') >= 4, "twice in the drawing, twice in its table"
    assert 'class="chart"' in drawn["/queues/111834/"]


async def test_a_formula_is_in_the_readers_language_to_its_last_word(look: Look) -> None:
    html = (await look("/definitions/", language="sv")).content.decode()
    assert "max(väntan för Inkomna)" in html
    assert "väntan med rang ceil(0.9 * " in html
    assert not re.search(r"wait of|max\(wait", html)
    assert "max(wait of Offered)" in (await look("/definitions/")).content.decode()
