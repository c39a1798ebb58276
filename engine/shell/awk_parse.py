"""An awk program read: patterns, print, printf, assignments, arrays, if, while, for, next, exit, and some of its functions.

Source: POSIX.1-2017, awk, Grammar. What is beyond (functions of one's own, getline, output to files) is said to be missing.
"""

from __future__ import annotations

from engine.shell.awk_compute import (
    COMPARISONS,
    FUNCTIONS,
    AwkElement,
    AwkField,
    AwkTarget,
    AwkVariable,
    assigned_to,
    counted_by,
    held_in,
    joined_texts,
    looped,
    matching_expression,
    of_two,
    over_keys,
    print_formatted,
    print_items,
    print_line,
    raising,
)
from engine.shell.awk_run import AwkRule, AwkState, Compute, Do, ExitAwk, NextLine, is_true, number_of
from engine.shell.awk_text import KEYWORDS, NOT_HERE, AwkToken, BadAwk, awk_tokens

_DEEPEST = 30
# Precedence of what stands between two, from the loosest; concatenation is tighter than comparison.
_LEVELS: tuple[tuple[str, ...], ...] = (("||",), ("&&",), ("in",), ("~", "!~"), COMPARISONS, ())
_COMPARING = 4


def read_awk(program: str) -> list[AwkRule]:
    """The rules of a program. Raises BadAwk."""
    parser = _Parser(awk_tokens(program))
    found = parser.rules()
    if not found:
        raise BadAwk("a program is needed")
    return found


class _Parser:
    """Reads one token after the other; what it reads is compiled into functions of a state."""

    def __init__(self, tokens: list[AwkToken]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def _peek(self, *texts: str, ahead: int = 0) -> bool:
        at = self._at + ahead
        return at < len(self._tokens) and self._tokens[at].kind in ("sign", "name") and self._tokens[at].text in texts

    def _take(self, *texts: str) -> str | None:
        if not self._peek(*texts):
            return None
        self._at += 1
        return self._tokens[self._at - 1].text

    def _need(self, text: str) -> None:
        if self._take(text) is None:
            raise self._bad()

    def _bad(self) -> BadAwk:
        near = self._tokens[self._at].text if self._at < len(self._tokens) else "end of file"
        return BadAwk(f"line 1: syntax error at or near {near.strip()[:30] or 'end of line'}")

    def _ends(self) -> None:
        while self._at < len(self._tokens) and self._tokens[self._at].kind == "end":
            self._at += 1

    def rules(self) -> list[AwkRule]:
        found = []
        self._ends()
        while self._at < len(self._tokens):
            when = self._take("BEGIN", "END") or ""
            pattern = None if when or self._peek("{") else self.expression()
            if self._peek(","):
                raise BadAwk("a range of lines is not simulated here; grep -A is")
            action: Do = self._block() if self._peek("{") else print_line
            found.append(AwkRule(when, pattern, action))
            self._ends()
        return found

    def _block(self) -> Do:
        self._need("{")
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadAwk(f"more than {_DEEPEST} blocks one inside the other")
        found: list[Do] = []
        self._ends()
        while not self._peek("}"):
            found.append(self._statement())
            self._ends()
        self._at += 1
        self._depth -= 1

        def run(state: AwkState) -> None:
            for one in found:
                one(state)

        return run

    def _statement(self) -> Do:
        if self._peek("{"):
            return self._block()
        for word, read in (("if", self._if), ("while", self._while), ("for", self._for)):
            if self._take(word):
                return read()
        if self._take("next"):
            return raising(NextLine)
        if self._take("exit"):
            if not self._simple_end():
                self.expression()
            return raising(ExitAwk)
        if self._peek("print", "printf"):
            return self._print(str(self._take("print", "printf")))
        if self._peek("break", "continue"):
            raise BadAwk("break and continue are not simulated here")
        computed = self.expression()
        if not (self._simple_end() or self._peek("}")):
            raise self._bad()

        def run(state: AwkState) -> None:
            state.step()
            computed(state)

        return run

    def _simple_end(self) -> bool:
        return self._at >= len(self._tokens) or self._tokens[self._at].kind == "end" or self._peek("}")

    def _if(self) -> Do:
        self._need("(")
        asked = self.expression()
        self._need(")")
        self._ends()
        then = self._statement()
        before = self._at
        self._ends()
        otherwise: Do | None = None
        if self._take("else"):
            self._ends()
            otherwise = self._statement()
        else:
            self._at = before

        def run(state: AwkState) -> None:
            state.step()
            if is_true(asked(state)):
                then(state)
            elif otherwise is not None:
                otherwise(state)

        return run

    def _while(self) -> Do:
        self._need("(")
        asked = self.expression()
        self._need(")")
        self._ends()
        return looped(None, asked, None, self._statement())

    def _for(self) -> Do:
        self._need("(")
        names = self._tokens[self._at : self._at + 4]
        if (
            [one.kind for one in names[:1]] == ["name"]
            and self._peek("in", ahead=1)
            and len(names) == 4
            and names[3].text == ")"
        ):
            self._at += 4
            self._ends()
            return over_keys(names[0].text, names[2].text, self._statement())
        parts: list[Compute | None] = []
        for end in (";", ";", ")"):
            at_end = self._peek(")") if end == ")" else self._simple_end()
            parts.append(None if at_end else self.expression())
            if end == ")":
                self._need(")")
            elif self._at < len(self._tokens) and self._tokens[self._at].text == ";":
                self._at += 1
            else:
                raise self._bad()
        self._ends()
        return looped(parts[0], parts[1], parts[2], self._statement())

    def _print(self, word: str) -> Do:
        bracketed = self._peek("(") and self._closes_statement()
        self._at += bracketed
        items: list[Compute] = []
        while not (self._simple_end() or self._peek(")", ">")):
            items.append(self._ternary(comparing=bracketed))
            if not self._take(","):
                break
        if bracketed:
            self._need(")")
        if self._peek(">", "|"):
            raise BadAwk("output to files and commands is not simulated here; a pipe behind awk is")
        if not self._simple_end():
            raise self._bad()
        if word == "printf":
            if not items:
                raise self._bad()
            return print_formatted(items)
        return print_items(items) if items else print_line

    def _closes_statement(self) -> bool:
        """Whether the parenthesis that comes next is closed at the statement's end."""
        depth = 0
        for at in range(self._at, len(self._tokens)):
            text, kind = self._tokens[at].text, self._tokens[at].kind
            depth += (text == "(") - (text == ")") if kind == "sign" else 0
            if not depth:
                follows = self._tokens[at + 1] if at + 1 < len(self._tokens) else None
                return follows is None or follows.kind == "end" or (follows.kind == "sign" and follows.text == "}")
        return False

    def expression(self) -> Compute:
        """An assignment, or what it computes."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadAwk(f"more than {_DEEPEST} expressions one inside the other")
        before = self._at
        target = self._target()
        sign = self._take("=", "+=", "-=", "*=", "/=", "%=", "^=") if target is not None else None
        if target is None or sign is None:
            self._at = before
            found = self._ternary()
        else:
            found = assigned_to(target, sign, self.expression())
        self._depth -= 1
        return found

    def _target(self) -> AwkTarget | None:
        """A variable, an element, a field; None where none comes next."""
        if self._take("$"):
            return AwkField(self._primary())
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if (
            token is None
            or token.kind != "name"
            or token.text in KEYWORDS
            or token.text in NOT_HERE
            or token.text in FUNCTIONS
        ):
            return None
        self._at += 1
        if not self._take("["):
            return AwkVariable(token.text)
        keys = [self.expression()]
        while self._take(","):
            keys.append(self.expression())
        self._need("]")
        return AwkElement(token.text, keys)

    def _ternary(self, comparing: bool = True) -> Compute:
        asked = self._binary(0, comparing)
        if not self._take("?"):
            return asked
        first = self.expression()
        self._need(":")
        second = self.expression()
        return lambda state: first(state) if is_true(asked(state)) else second(state)

    def _binary(self, level: int, comparing: bool) -> Compute:
        """By precedence: ||, &&, in, ~, comparison, concatenation, + -, * / %, unary, ^."""
        if level == len(_LEVELS):
            return self._sum()
        left = self._binary(level + 1, comparing)
        while True:
            signs = tuple(sign for sign in _LEVELS[level] if comparing or sign != ">")
            if level == _COMPARING + 1 and self._begins_value():
                left = joined_texts(left, self._binary(level + 1, comparing))
                continue
            sign = self._take(*signs) if signs else None
            if sign is None:
                return left
            if sign == "in":
                if self._at >= len(self._tokens) or self._tokens[self._at].kind != "name":
                    raise self._bad()
                left = held_in(left, self._tokens[self._at].text)
                self._at += 1
            elif sign in ("~", "!~") and self._at < len(self._tokens) and self._tokens[self._at].kind == "regex":
                left = matching_expression(sign, left, self._tokens[self._at].text)
                self._at += 1
            else:
                left = of_two(sign, left, self._binary(level + 1, comparing))

    def _begins_value(self) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        if token.kind in ("number", "text", "regex"):
            return True
        if token.kind == "name":
            return token.text not in KEYWORDS
        return token.kind == "sign" and token.text in ("$", "(", "!", "++", "--")

    def _sum(self) -> Compute:
        left = self._product()
        while (sign := self._take("+", "-")) is not None:
            left = of_two(sign, left, self._product())
        return left

    def _product(self) -> Compute:
        left = self._unary()
        while (sign := self._take("*", "/", "%")) is not None:
            left = of_two(sign, left, self._unary())
        return left

    def _unary(self) -> Compute:
        sign = self._take("!", "-", "+")
        if sign is None:
            return self._power()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadAwk(f"more than {_DEEPEST} expressions one inside the other")
        value = self._unary()
        self._depth -= 1
        if sign == "!":
            return lambda state: float(not is_true(value(state)))
        return (lambda state: -number_of(value(state))) if sign == "-" else lambda state: number_of(value(state))

    def _power(self) -> Compute:
        base = self._postfix()
        return of_two("^", base, self._unary()) if self._take("^") else base

    def _postfix(self) -> Compute:
        before = self._at
        first = self._take("++", "--")
        target = self._target()
        if target is None:
            self._at = before
            return self._primary()
        sign = first or self._take("++", "--")
        if sign is None:
            return target.value
        return counted_by(target, 1.0 if sign == "++" else -1.0, before=first is None)

    def _primary(self) -> Compute:
        if self._at >= len(self._tokens):
            raise self._bad()
        token = self._tokens[self._at]
        if token.kind == "sign" and token.text == "$":
            target = self._target()
            assert target is not None
            return target.value
        self._at += 1
        if token.kind == "number":
            number = number_of(token.text)
            return lambda state: number
        if token.kind == "text":
            return lambda state: token.text
        if token.kind == "regex":
            return lambda state: float(bool(state.compiled(token.text).search(state.line)))
        if token.text == "(" and token.kind == "sign":
            found = self.expression()
            self._need(")")
            return found
        if token.kind == "name" and token.text in FUNCTIONS:
            return self._called(token.text)
        if token.kind == "name" and token.text in NOT_HERE:
            raise BadAwk(f"{token.text} is not simulated here")
        self._at -= 1
        if token.kind == "name" and token.text not in KEYWORDS:
            target = self._target()
            assert target is not None
            return target.value
        raise self._bad()

    def _called(self, name: str) -> Compute:
        arguments: list[Compute] = []
        patterns: list[str | None] = []
        if self._take("("):
            while not self._peek(")"):
                token = self._tokens[self._at] if self._at < len(self._tokens) else None
                patterns.append(token.text if token is not None and token.kind == "regex" else None)
                arguments.append(self.expression())
                if not self._take(","):
                    break
            self._need(")")
        elif name != "length":
            raise self._bad()
        least, most, compute = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise BadAwk(f"wrong number of arguments in call to {name}")
        return lambda state: compute(state, [pattern if pattern is not None else one(state) for pattern, one in zip(patterns, arguments, strict=True)])  # fmt: skip
