"""Making an API key out of its owner and a command's id, so that a repeated request gives the same key again."""

from dataclasses import dataclass, field
from hashlib import sha256

from headrace_api.followed import until
from headrace_broker.credentials import Credentials
from headrace_broker.sealing import MasterKey
from headrace_events.ids import CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedKey:
    """A new key; only its hash goes further than to the caller."""

    key_id: str
    secret: str = field(repr=False)

    @property
    def key(self) -> str:
        """As it is presented: `<key id>.<secret>`."""
        return f"{self.key_id}.{self.secret}"

    @property
    def hash(self) -> str:
        """SHA-256 of the secret, hexadecimal."""
        return sha256(self.secret.encode()).hexdigest()

    async def until_known(self, credentials: Credentials) -> None:
        """Return once this API would accept the key."""
        await until(credentials, lambda: credentials.find(self.key_id) is not None)


def mint(user: str, master: MasterKey, command: CommandId) -> MintedKey:
    """The person's key that belongs to the command: whoever lacks the master key cannot tell it from a random one."""
    return MintedKey(
        key_id=master.fingerprint(f"key id of {user} by {command}".encode())[:20],
        secret=master.fingerprint(f"key secret of {user} by {command}".encode()),
    )
