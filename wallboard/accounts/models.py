"""Where Django finds the models of this room; they live with what they are about."""

from wallboard.accounts.digests import digest_of
from wallboard.accounts.keys import ApiToken, Pairing, Screen
from wallboard.accounts.people import Invitation, Membership
from wallboard.accounts.sign_ins import FailedSignIns, GivenPassword, OpenSession, OutsideIdentity
from wallboard.accounts.trail import AuditEntry, HandledCaller, Unchangeable

__all__ = [
    "ApiToken",
    "AuditEntry",
    "FailedSignIns",
    "GivenPassword",
    "HandledCaller",
    "Invitation",
    "Membership",
    "OpenSession",
    "OutsideIdentity",
    "Pairing",
    "Screen",
    "Unchangeable",
    "digest_of",
]
