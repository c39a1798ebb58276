"""The tokens of a line one after the other, and the redirections among them. Source: POSIX.1-2017, XCU 2.7 (redirection)."""

from __future__ import annotations

from engine.shell.syntax import Redirection
from engine.shell.tokens import LineError, Token, Unfinished

_REDIRECTIONS = frozenset({">", ">>", ">|", "<", "<>", "&>", "&>>", "<<", "<<<"})


class TokenReader:
    """Stands before one of the tokens; what is behind it is read."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise Unfinished("sh: Syntax error: end of file unexpected")
        self._at += 1
        return token

    def _is(self, *texts: str, operator: bool = True) -> bool:
        token = self._peek()
        return token is not None and token.operator is operator and token.text in texts and not token.quoted

    def _unexpected(self) -> LineError:
        token = self._peek()
        if token is None:
            return Unfinished("sh: Syntax error: end of file unexpected")
        return LineError(f'sh: Syntax error: "{"newline" if token.text == chr(10) else token.text}" unexpected')

    def _blank(self) -> None:
        while self._is("\n"):
            self._at += 1

    def _redirections(self) -> tuple[Redirection, ...]:
        """All that come next."""
        found: list[Redirection] = []
        while (one := self._redirection()) is not None:
            found += one
        return tuple(found)

    def _redirection(self) -> list[Redirection] | None:
        """The redirection that comes next; None where none does."""
        token = self._peek()
        follows = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
        number: int | None = None
        if token is not None and follows is not None and follows.operator and _is_descriptor(token):
            number, token = int(token.text), follows
            self._at += 1
        if token is None or not token.operator or token.text not in _REDIRECTIONS:
            return None
        self._at += 1
        if token.text == "<>":
            raise LineError("sh: <> is not simulated here; there are <, > and >>")
        # `2>&1`: the `&` is a token of its own here.
        if self._is("&") and token.text == ">":
            self._at += 1
            target = self._peek()
            if target is not None and target.text == "-" and not target.operator:
                # A stream that is closed shows nothing.
                self._at += 1
                return [Redirection(1 if number is None else number, "/dev/null")]
            if target is None or target.operator or target.text not in ("1", "2"):
                raise LineError("sh: Syntax error: Bad fd number")
            self._at += 1
            return [Redirection(1 if number is None else number, duplicate=int(target.text))]
        to = self._peek()
        if to is None or to.operator:
            raise LineError("sh: Syntax error: newline unexpected")
        self._at += 1
        return _redirections_of(token, to, number)


def _is_descriptor(token: Token) -> bool:
    """Whether it is the number before a redirection."""
    return token.joined and not token.operator and not token.quoted and token.text in ("0", "1", "2")


def _redirections_of(operator: Token, to: Token, number: int | None) -> list[Redirection]:
    out = 1 if number is None else number
    if operator.text in ("&>", "&>>"):
        both = Redirection(1, to.text, append=operator.text == "&>>", expansions=to.expansions)
        return [both, Redirection(2, duplicate=1)]
    if operator.text == "<":
        return [Redirection(0, to.text, expansions=to.expansions)]
    if operator.text == "<<<":
        return [Redirection(0, to.text, expansions=to.expansions, given="\n")]
    if operator.text == "<<":
        return [Redirection(0, operator.lines or "", expansions=operator.expansions, given="")]
    return [Redirection(out, to.text, append=operator.text == ">>", expansions=to.expansions)]
