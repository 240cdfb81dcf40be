"""What an evasion is: how an attack reaches a given system so that an inspector may miss it.

    @evasion("TCP overlap", sid=1, target="linux")
    def later_copy_wins(stage): ...

A case is a function of a Stage. It says `stage.evil` where the attack has its word, and is played twice: as the attack
(`evil`) and as its benign twin (`fine`). `arrives=False` marks a decoy: what the rule looks for never reaches the
application, so an alert is a false one.
"""
import ipaddress
import itertools
import pathlib
import sys
import typing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from packets import CLIENT_MAC, SERVER_MAC, ethernet

SERVER, SERVER_V6 = "10.200.0.20", "fd00:200::20"


class Case(typing.NamedTuple):
    row: str                 # of the table
    name: str
    play: typing.Callable
    sid: int
    target: str              # a list of host-os-policy
    settings: tuple          # more settings, the same for both engines
    arrives: bool


CASES = []


def evasion(row, sid=1, target="linux", settings=(), name=None, arrives=True):
    def keep(play):
        CASES.append(Case(row, (name or play.__name__).replace("_", " "), play, sid, target, tuple(settings), arrives))
        return play
    return keep


class Stage:
    """Where a case is played: a capture, the word, and the addresses that say which case it is."""

    def __init__(self, capture, number, word=b"evil"):
        self.capture, self.number, self.evil = capture, number, word
        self.ports = itertools.count(30000)
        self.scripts = []  # the TCP conversations, as scripts.Tcp

    @property
    def command(self):
        return b"/bin/" + self.evil + b"-command"

    @property
    def client(self):
        high, low = divmod(self.number, 250)
        return f"10.100.{high}.{low + 1}"

    @property
    def client_v6(self):
        high, low = divmod(self.number, 250)
        return str(ipaddress.ip_address(f"fd00:100::{high:x}:{low + 1:x}"))

    def ends(self, v6=False):
        return (self.client_v6, SERVER_V6) if v6 else (self.client, SERVER)

    def frame(self, packet, to_server=True, **options):
        """One IP packet as a frame."""
        macs = (CLIENT_MAC, SERVER_MAC) if to_server else (SERVER_MAC, CLIENT_MAC)
        self.capture.add(ethernet(packet, source=macs[0], destination=macs[1], **options))


def number_of(address):
    """The case that a client's address belongs to; None for other addresses."""
    packed = ipaddress.ip_address(address).packed
    if len(packed) == 4 and packed[:2] == bytes([10, 100]):
        return packed[2] * 250 + packed[3] - 1
    if len(packed) == 16 and packed[:4] == bytes.fromhex("fd000100"):
        return int.from_bytes(packed[12:14], "big") * 250 + int.from_bytes(packed[14:], "big") - 1
    return None
