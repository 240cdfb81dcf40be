"""What a rule of a pack has to come with."""
import typing


class Case(typing.NamedTuple):
    attack: typing.Callable   # the rule's sid must alert
    evasive: typing.Callable  # the same attack, said otherwise: must alert too
    benign: typing.Callable   # as near to it as honest traffic comes: no rule of any pack may alert
    how: str                  # what the evasive variant does
