"""What each action of the audit log is called. A room that writes a new one adds its words here; until then its code is shown."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: Mapping[str, str | Promise] = {
    "sign_in.done": _("Signed in"),
    "sign_in.failed": _("Gave a wrong password"),
    "sign_in.code_failed": _("Gave a wrong code after the password"),
    "sign_in.outside_failed": _("Was not confirmed by the identity provider"),
    "sign_in.outside_refused": _("Came by the identity provider without an invitation"),
    "sign_in.ended": _("Signed out"),
    "account.password_changed": _("Changed their password"),
    "account.password_wrong": _("Gave a wrong present password"),
    "account.second_step_on": _("Switched the second step on"),
    "account.second_step_off": _("Switched the second step off"),
    "account.recovery_codes_made": _("Made new recovery codes"),
    "account.session_ended": _("Signed another browser out"),
    "account.outside_linked": _("Connected the identity provider"),
    "account.organisation_chosen": _("Chose this organisation to look at"),
    "people.invited": _("Invited somebody"),
    "people.invitation_revoked": _("Took an invitation back"),
    "people.joined": _("Accepted an invitation"),
    "people.changed": _("Changed somebody's role or queues"),
    "people.removed": _("Removed somebody"),
    "people.put_back": _("Put somebody back"),
    "tokens.made": _("Made an API token"),
    "tokens.revoked": _("Revoked an API token"),
    "audit.exported": _("Saved the audit log as a file"),
    "organisation.made": _("Made the organisation"),
    # Written by other rooms.
    "organisation.changed": _("Changed the organisation"),
    "setup.first_account": _("Made the first account"),
    "call.opened": _("Opened a call"),
    "number.uncovered": _("Uncovered a lost caller's number"),
    "number.shown": _("Saw a call's whole telephone number"),
    "number.searched": _("Searched for a telephone number"),
    "agent.opened": _("Looked at an agent"),
    "agents.reported": _("Looked at a report of agents"),
    "report.noted": _("Wrote a note on a day"),
    "report.note_changed": _("Changed a note on a day"),
    "report.note_removed": _("Removed a note on a day"),
    "receipt.exported": _("Saved a list of calls as a file"),
    "report.exported": _("Saved a report as a file"),
    "calls.exported": _("Saved the calls of some days as a file"),
    "callers.exported": _("Saved the lost callers as a file"),
    "caller.handled": _("Marked a lost caller as handled"),
    "caller.unhandled": _("Took the mark off a lost caller"),
    "queue.targets": _("Changed what a queue promises"),
    "screen.paired": _("Paired a television"),
    "screen.link_made": _("Made a link for a television"),
    "screen.assigned": _("Gave a television something else to show"),
    "screen.changed": _("Changed how a television shows things"),
    "screen.renamed": _("Renamed a television"),
    "screen.revoked": _("Revoked a television"),
    "source.token_set": _("Replaced a source's token"),
    "source.token_tried": _("Tried a source's token"),
    "privacy.retention": _("Changed how long things are kept"),
    "privacy.screen_names": _("Changed how screens name agents"),
    "person.exported": _("Exported what is held of one person"),
    "person.erased": _("Erased one person"),
    "retention.done": _("Deleted what was older than is kept"),
}
SUBJECTS: Mapping[str, str | Promise] = {
    "person": _("Person"),
    "invitation": _("Invitation"),
    "token": _("API token"),
    "call": _("Call"),
    "agent": _("Agent"),
    "number": _("Number"),
    "queue": _("Queue"),
    "screen": _("Screen"),
    "organisation": _("Organisation"),
    "source": _("Source"),
    "caller": _("Caller"),
    "list": _("List"),
    "report": _("Report"),
    "retention": _("Retention"),
}
WAYS: Mapping[str, str | Promise] = {
    "password": _("by password"),
    "app": _("by password and code"),
    "recovery": _("by password and recovery code"),
    "outside": _("by the identity provider"),
    "invitation": _("by an invitation"),
}


def action_in_words(action: str) -> str:
    """What people call it; the code itself for one that nobody has named yet."""
    return str(ACTIONS.get(action, action))
