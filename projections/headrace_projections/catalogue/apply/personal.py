"""What identifies a person, as it is in the log: sealed. Who may see it is shown it by the API, which has the keys."""

from headrace_events.envelope import Recorded
from headrace_events.personal import PersonalKeyMade, SubjectErased, UserDescribed
from headrace_events.user import Standing
from headrace_projections.catalogue.apply.handlers import authored, on
from headrace_projections.changes import Change, Update


@on(PersonalKeyMade)
def make_personal_key(event: PersonalKeyMade, at: Recorded) -> list[Change]:
    """Change no table but the feed: the key itself lies on the credentials topic."""
    return []


@on(UserDescribed)
def describe_user(event: UserDescribed, at: Recorded) -> list[Change]:
    """Hold what the person is called, and how they are reached."""
    return [Update("users", {"user_name": event.user}, {"full_name": event.full_name, "email": event.email})]


@on(SubjectErased)
def erase_subject(event: SubjectErased, at: Recorded) -> list[Change]:
    """Hold nothing of the person but the name, and that they were erased."""
    nothing = {
        "reason": "",
        "full_name": None,
        "email": None,
        "password": False,
        "temporary_until": None,
        "locked_until": None,
        "totp": False,
    }
    erased = {"standing": Standing.ERASED.value, **authored("standing", at)}
    return [Update("users", {"user_name": event.user}, {**nothing, **erased})]
