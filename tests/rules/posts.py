"""The rules that keep the door for what vendors post: nothing lost, nothing twice, nothing forged, and room for everybody."""

from tests.rules.rule import Rule

DOOR = "tests/hooks/test_door.py::"
INBOX = "tests/hooks/test_inbox.py::"
MEASURED = "tests/hooks/test_measured.py::"
APPLICATION, KNOWN = "wallboard/hooks/application.py", "wallboard/hooks/known.py"

RULES: tuple[Rule, ...] = (
    Rule(
        name="A source that goes on loses no post",
        path=KNOWN,
        old="        if listens and age < STALE_S:",
        new="        if age < STALE_S:",
        tests=("tests/hooks/test_door.py::test_a_source_that_goes_on_loses_no_post",),
    ),
    Rule(
        name="A post lies safe before it is answered",
        path=APPLICATION,
        old="        put = await room.gathering(posted).put(checked.delivery_id, door.pack_delivery(delivery))",
        new="        put = Put.TAKEN",
        tests=(DOOR + "test_what_is_posted_lies_in_the_inbox_as_it_came_before_the_vendor_is_answered",),
    ),
    Rule(
        name="A post is struck out once it is told",
        path="stats/live/inbox.py",
        old="                await self._settled()\n",
        new="",
        tests=(INBOX + "test_what_was_read_and_not_settled_is_read_again_by_the_next_holder",),
    ),
    Rule(
        name="A repetition is known for four days",
        path="stats/live/inbox_put.lua",
        old="  if mark ~= '' and was_seen(mark) then",
        new="  if false then",
        tests=(INBOX + "test_the_same_id_is_taken_in_once_however_often_it_comes",),
    ),
    Rule(
        name="A repetition is known for four days",
        path="stats/live/inbox_put.lua",
        part="days",
        old="for day = today - days, today + 1 do",
        new="for day = today - 1, today + 1 do",
        tests=(INBOX + "test_an_id_is_remembered_for_four_days_and_no_longer",),
    ),
    Rule(
        name="What has no room is refused, never dropped",
        path="stats/live/inbox_put.lua",
        old="  elseif entries >= most_entries or bytes + #posted > most_bytes then",
        new="  elseif false then",
        tests=(INBOX + "test_a_full_inbox_takes_nothing_in_and_remembers_nothing_of_it",),
    ),
    Rule(
        name="Whoever cannot take a post says when to come again",
        path=APPLICATION,
        old='        raise _No("store_away", Reply(503, b"", again_after_s=AGAIN_SOON_S), str(why)) from None',
        new='        raise _No("store_away", Reply(429, b""), str(why)) from None',
        tests=(DOOR + "test_while_redis_cannot_take_it_the_vendor_is_told_to_come_again",),
    ),
    Rule(
        name="A header that decides is there once",
        path=APPLICATION,
        old="        if len(values) > 1:",
        new="        if False:",
        tests=(DOOR + "test_who_is_nobody_and_who_is_not_who_they_say_is_told_so_and_nothing_else",),
    ),
    Rule(
        name="Each source has its own share of the door",
        path=APPLICATION,
        old="    if not room.buckets.take((posted.organisation, posted.source)):",
        new="    if False:",
        tests=(DOOR + "test_one_sources_flood_leaves_the_others_theirs_and_forged_posts_cost_nobody",),
    ),
    Rule(
        name="A body is measured while it is read",
        path="wallboard/hooks/asking.py",
        old="                if room < 0:\n                    raise TooLarge\n",
        new="",
        tests=(DOOR + "test_a_body_is_measured_before_and_while_it_is_read",),
    ),
    Rule(
        name="A body is measured while it is read",
        path="wallboard/hooks/measuring.py",
        old="            if self._room >= 0:",
        new="            if True:",
        tests=(MEASURED + "test_a_larger_one_without_a_length_is_turned_away_at_the_limit_and_takes_no_room",),
    ),
    Rule(
        name="Who drips is not waited for",
        path="wallboard/hooks/measuring.py",
        old="            self._deadline = reactor.callLater(WHOLE_WITHIN_S, ",
        new="            self._deadline = reactor.callLater(3_600.0, ",
        tests=(MEASURED + "test_one_that_drips_ends_and_others_do_not_wait_for_it",),
    ),
    Rule(
        name="An address ends at its instant",
        path=KNOWN,
        old="        if found is not None and found.retires_at is not None and found.retires_at <= timezone.now():",
        new="        if False:",
        tests=(DOOR + "test_while_a_secret_is_replaced_both_let_in_and_a_retired_address_ends_at_its_instant",),
    ),
    Rule(
        name="Not knowing is not nobody",
        path=KNOWN,
        old="            return await self._ask(mark)\n        except (DatabaseError, InterfaceError, Unreadable, TimeoutError) as why:\n"
        "            raise CannotSay from why\n",
        new="            return await self._ask(mark)\n        except (DatabaseError, InterfaceError, Unreadable, TimeoutError):\n"
        "            return None\n",
        tests=(DOOR + "test_while_the_database_is_away_who_is_known_is_let_in_and_who_is_not_comes_again",),
    ),
    Rule(
        name="Strangers ask the database seldom",
        path=KNOWN,
        old="        if mark not in self._asking and not self._strangers.take(place_of(address)):\n            raise CannotSay\n",
        new="",
        tests=(DOOR + "test_who_guesses_addresses_asks_the_database_seldom_and_is_never_told_that_a_new_one_is_nobodys",),
    ),
    Rule(
        name="Keys of addresses are sealed, and found by their digests",
        path="stats/history/hook_tables.py",
        old="        self.sealed_key = vault.seal(plain, self.source.owner)",
        new="        self.sealed_key = plain",
        tests=("tests/hooks/test_upkeep.py::test_an_address_opens_for_its_own_organisation_alone_and_is_long_enough_to_be_a_secret",),
    ),
)
