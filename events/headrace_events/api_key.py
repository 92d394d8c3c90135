"""API keys: what identifies a program that calls the API. The secret itself never leaves who made it."""

from headrace_events.aggregates import Known, aggregate, unknown
from headrace_events.errors import AlreadyExists, Forbidden, Invalid, NotFound
from headrace_events.ids import Micros
from headrace_events.language import Command, Erasure, Event, Home, command, event, value
from headrace_events.personal import MOST_SEALED, sealed_for
from headrace_events.scopes import Scope, scopes
from headrace_events.user import may_act_for, must_be_active

DAY_US = 24 * 3600 * 1_000_000


@command("api_key.issue")
class IssueApiKey(Command):
    """Give a person a key. `key_hash` is hexadecimal SHA-256 of the secret; project and scopes narrow what it does.

    The name comes sealed by the API under the person's own key.
    """

    key_id: str
    user: str
    key_hash: str
    limited_to: str | None = None
    expires: Micros | None = None
    scopes: tuple[Scope, ...] | None = None
    name: str = ""

    @property
    def key(self) -> str:
        return self.key_id


@command("api_key.revoke")
class RevokeApiKey(Command):
    """Make a key useless at once."""

    key_id: str

    @property
    def key(self) -> str:
        return self.key_id


@command("api_key.record_use")
class RecordApiKeyUse(Command):
    """The API says: the key was used, for the first time on that day (UTC)."""

    key_id: str
    used: Micros

    @property
    def key(self) -> str:
        return self.key_id


@event("api_key.issued", Home.PLATFORM)
class ApiKeyIssued(Event):
    """The key can be used until it expires (microseconds UTC; None: never) or is revoked."""

    key_id: str
    user: str
    project: str | None = None
    expires: Micros | None = None
    scopes: tuple[Scope, ...] | None = None
    name: str = ""

    @property
    def key(self) -> str:
        return self.key_id


@event("api_key.stored", Home.CREDENTIALS)
class ApiKeyStored(Event):
    """What the API compares a presented key with; on the credentials topic only, encrypted there."""

    key_id: str
    user: str
    key_hash: str
    project: str | None = None
    expires: Micros | None = None
    scopes: tuple[Scope, ...] | None = None

    @property
    def key(self) -> str:
        return self.key_id


@event("api_key.used", Home.PLATFORM)
class ApiKeyUsed(Event):
    """The key was used on that day (UTC); at most once a day."""

    key_id: str
    used: Micros

    @property
    def key(self) -> str:
        return self.key_id


@event("api_key.revoked", Home.PLATFORM)
class ApiKeyRevoked(Event):
    """The key is refused from here on."""

    key_id: str

    @property
    def key(self) -> str:
        return self.key_id


@event("api_key.erased", Home.CREDENTIALS)
class ApiKeyErased(Erasure):
    """Takes the place of the stored hash, so that the credentials topic forgets it."""

    key_id: str

    @property
    def key(self) -> str:
        return self.key_id


@value
class ApiKey:
    """A key's owner, and whether it still counts."""

    user: str
    revoked: bool = False
    used: Micros | None = None


def decide(state: ApiKey | None, wish: Command, known: Known) -> list[Event]:
    """Only the owner of a key, or an administrator, issues or revokes it."""
    match wish:
        case IssueApiKey(key_id=key_id, user=user, key_hash=key_hash, expires=expires):
            _must_be_theirs(user, known)
            must_be_active(user, known)
            if state is not None:
                raise AlreadyExists("API key", key_id)
            if len(key_hash) != 64:
                raise Invalid("invalid-key-hash", "a key's hash is 64 hexadecimal digits of SHA-256")
            if expires is not None and expires <= known.now:
                raise Invalid("already-expired", "the key would have expired before it was issued")
            if len(wish.name) > MOST_SEALED or (len(wish.name) > 100 and sealed_for(wish.name) != user):
                raise Invalid("invalid-key-name", "a key's name has at most 100 characters")
            return _issued(wish)
        case RevokeApiKey(key_id=key_id):
            if state is None or state.revoked:
                raise NotFound("API key", key_id)
            _must_be_theirs(state.user, known)
            return [ApiKeyRevoked(key_id=key_id), ApiKeyErased(key_id=key_id)]
        case RecordApiKeyUse(key_id=key_id, used=used):
            if state is None or state.revoked:
                raise NotFound("API key", key_id)
            if state.used is not None and used // DAY_US <= state.used // DAY_US:
                return []
            return [ApiKeyUsed(key_id=key_id, used=used)]
        case _:
            raise unknown(wish)


def _issued(wish: IssueApiKey) -> list[Event]:
    chosen = None if wish.scopes is None else scopes(wish.scopes)
    return [
        ApiKeyIssued(
            key_id=wish.key_id,
            user=wish.user,
            project=wish.limited_to,
            expires=wish.expires,
            scopes=chosen,
            name=wish.name,
        ),
        ApiKeyStored(
            key_id=wish.key_id,
            user=wish.user,
            key_hash=wish.key_hash,
            project=wish.limited_to,
            expires=wish.expires,
            scopes=chosen,
        ),
    ]


def _must_be_theirs(user: str, known: Known) -> None:
    if not may_act_for(user, known):
        raise Forbidden("not-your-key", "only the person, or an administrator, may issue or revoke a key")


def evolve(state: ApiKey | None, fact: Event) -> ApiKey:
    """Fold one event; what lies on the credentials topic changes nothing here."""
    match fact:
        case ApiKeyIssued(user=user):
            return ApiKey(user=user)
        case ApiKeyRevoked() if state is not None:
            return ApiKey(user=state.user, revoked=True, used=state.used)
        case ApiKeyUsed(used=used) if state is not None:
            return ApiKey(user=state.user, revoked=state.revoked, used=used)
        case _:
            raise unknown(fact)


aggregate("api_key", ApiKey, decide=decide, evolve=evolve)
