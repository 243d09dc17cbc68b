"""The rules of receipts: which records stand behind a number, and who is believed when two stores have them."""

from tests.rules.rule import Rule

CHANGES = "tests/receipts/test_changes.py::"
DAYS = "tests/receipts/test_days.py::"
PAGES = "tests/receipts/test_pages.py::"
GATHERING = "wallboard/api/gathering.py"

RULES: tuple[Rule, ...] = (
    Rule(
        name="The live record is believed",
        path=GATHERING,
        part="rings",
        old="archive.offer_rows(question) if (row.source, row.id_call) not in loose and search.holds(row.at)]",
        new="archive.offer_rows(question) if search.holds(row.at)]",
        tests=(DAYS + "test_every_receipt_of_a_day_is_the_oracles_list_and_gives_the_number_again",),
    ),
    Rule(
        name="The live record is believed",
        path=GATHERING,
        part="visits",
        old="        r.grouped(archive.visits_of_calls(question, ids), groups, -1)\n",
        new="",
        tests=(DAYS + "test_every_receipt_of_a_day_is_the_oracles_list_and_gives_the_number_again",),
    ),
    Rule(
        name="The live record is believed",
        path=GATHERING,
        part="calls",
        old="            groups.setdefault((row.key, row.klass), Totals()).n -= 1",
        new="            pass",
        tests=(DAYS + "test_every_receipt_of_a_day_is_the_oracles_list_and_gives_the_number_again",),
    ),
    Rule(
        name="The live record is believed",
        path=GATHERING,
        part="lists",
        old="        good = _listed(search, [row for row in rows if (row.source, row.id_call) not in loose])",
        new="        good = _listed(search, rows)",
        tests=(DAYS + "test_every_receipt_of_a_day_is_the_oracles_list_and_gives_the_number_again",),
    ),
    Rule(
        name="An index that is not whole proves nothing",
        path=GATHERING,
        old="    if not loose.whole:",
        new="    if False:",
        tests=(CHANGES + "test_a_store_from_before_the_index_of_open_calls_is_given_one",),
    ),
    Rule(
        name="Who is not over is named in the step that tells of them",
        path="stats/live/apply_record.lua",
        part="begun",
        old="  else put('ZADD', prefix .. 'open:' .. source, item[3], item[1]) end",
        new="  end",
        tests=(CHANGES + "test_the_index_names_exactly_the_calls_that_are_not_over",),
    ),
    Rule(
        name="Who is not over is named in the step that tells of them",
        path="stats/live/apply_record.lua",
        part="over",
        old="  if item[4] == 1 then put('ZREM', prefix .. 'open:' .. source, item[1])",
        new="  if item[4] == 1 then",
        tests=(CHANGES + "test_the_index_names_exactly_the_calls_that_are_not_over",),
    ),
    Rule(
        name="A list without the archive says so",
        path=GATHERING,
        part="said",
        old="    return Found(groups, rows[: search.limit], len(rows) > search.limit, without_archive)",
        new="    return Found(groups, rows[: search.limit], len(rows) > search.limit)",
        tests=(CHANGES + "test_without_the_database_a_small_day_is_listed_from_the_live_store",),
    ),
    Rule(
        name="A list without the archive says so",
        path=GATHERING,
        part="too much",
        old="    if number > MOST_WITHOUT_DATABASE:\n        raise why\n",
        new="",
        tests=(CHANGES + "test_without_the_database_a_small_day_is_listed_from_the_live_store",),
    ),
    Rule(
        name="A receipt that differs says so",
        path="wallboard/api/number_receipt.py",
        old="    told.agrees = told.value is None or counting.same(told.value, told.recounted)",
        new="    told.agrees = True",
        tests=(CHANGES + "test_a_receipt_whose_list_lacks_a_call_says_that_it_differs",),
    ),
    Rule(
        name="A handled caller who calls again in vain is lost anew",
        path="wallboard/pages/callers.py",
        old="                handled=done if done is not None and done.lost_at_ms >= row.at else None,",
        new="                handled=done,",
        tests=(PAGES + "test_a_handled_caller_who_gives_up_once_more_is_lost_anew",),
    ),
)
