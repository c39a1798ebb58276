"""The program's entry. It imports as little as it can: --version and --help answer without the rest of k8squiz."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from collections.abc import Sequence

from k8squiz import __version__
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang, detect

INTERRUPTED = 130
_MOST_COLUMNS = 500
_OF_WRITING = frozenset(
    {errno.EAGAIN, errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EINVAL, errno.EIO, errno.ENOSPC, errno.EPERM}
)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line `args` (default: the process's own) and return the exit code; never raises.

    0 success, 1 where the answer is "no", 2 bad input, 130 on Ctrl-C. A reader that goes away is no error.
    """
    words = list(sys.argv[1:] if args is None else args)
    # Importing makes many objects and hardly any garbage: looking for it costs a tenth of the start.
    gc.set_threshold(200_000, 20, 20)
    if args is None:
        # As the process ends Python looks through all objects once more, to give back what ends with it anyway: a
        # sixth of a short command.
        atexit.register(gc.freeze)
    lang: Lang = "en"
    try:
        _replace_closed_streams()
        _sensible_size()
        _survive_narrow_encodings()
        lang = detect(words, os.environ)
        words = _without_bank(_without_theme(words))
        rest = _without_lang(words)
        if rest[:1] == ["help"]:
            words = [*rest[1:], "--help"]
        # A shell that completes a word asks with no words at all, and through this variable.
        code = None if "_K8SQUIZ_COMPLETE" in os.environ else _at_once(words, lang)
        if code is None:
            from k8squiz.cli.commands import run

            code = run(words, lang)
        return _flushed(code)
    except QuizError as error:
        print(f"k8squiz: {error.zh if lang == 'zh' else error.en}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        from k8squiz.terminal.pipe import let_go_of_stdout

        let_go_of_stdout()
        return 0
    except OSError as error:
        # Whoever opens a file tells of it himself; what is left is standard output, on a full disk for one. What write(2) does
        # not fail with is no affair of standard output's.
        from engine.errors import os_reason, sentence
        from k8squiz.terminal.pipe import let_go_of_stdout

        let_go_of_stdout()
        en, zh = os_reason(error)
        what = ("cannot write to standard output", "无法写到标准输出")
        if error.errno not in _OF_WRITING or error.filename is not None:
            place = "" if error.filename is None else f" ({error.filename})"
            what = (f"the system refuses{place}", f"操作系统拒绝{place}")
        said = f"{what[1]}：{zh}" if detect(words, os.environ) == "zh" else f"{what[0]}: {en}"
        print(f"k8squiz: {sentence(said)}", file=sys.stderr)
        return 2


def _at_once(words: list[str], lang: Lang) -> int | None:
    """Answer what needs no command; None where a command is asked for."""
    rest = _without_lang(words)
    if rest in (["--version"], ["version"]):
        print(f"k8squiz {__version__}")
        return 0
    if not rest and _at_a_terminal():
        from k8squiz.commands.home import run

        code = run(lang)
        if code is not None:
            return code
    if rest in ([], ["--help"], ["-h"]):
        from k8squiz.cli.help_pages import root_page

        sys.stdout.write(root_page(lang))
        return 0
    return None


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _without_theme(words: list[str]) -> list[str]:
    """The words without `--theme X`, which is kept in the environment for whatever prints colours. Raises QuizError."""
    rest, name = _taken_out(words, "--theme")
    if name is None and not os.environ.get("K8SQUIZ_THEME"):
        return words
    from k8squiz.terminal.theme import VARIABLE, check_theme

    os.environ[VARIABLE] = check_theme(os.environ.get(VARIABLE, "") if name is None else name)
    return rest


def _without_bank(words: list[str]) -> list[str]:
    """The words without `--bank DIR`, which is kept in the environment for whatever reads questions. Raises QuizError."""
    rest, name = _taken_out(words, "--bank")
    if name is not None:
        from k8squiz.bank.pack import VARIABLE, pack_folder

        pack_folder(name)
        os.environ[VARIABLE] = name
    return rest


def _taken_out(words: list[str], option: str) -> tuple[list[str], str | None]:
    """The words without an option and its value, and the value; None where it is not given. Nothing after `--` is."""
    stop = words.index("--") if "--" in words else len(words)
    at = next((at for at, word in enumerate(words[:stop]) if word == option or word.startswith(f"{option}=")), None)
    if at is None:
        return words, None
    _, equals, value = words[at].partition("=")
    if equals:
        return words[:at] + words[at + 1 :], value
    return words[:at] + words[at + 2 :], " ".join(words[at + 1 : min(at + 2, stop)])


def _without_lang(words: list[str]) -> list[str]:
    rest: list[str] = []
    given = iter(words)
    for word in given:
        if word == "--lang":
            next(given, None)
        elif not word.startswith("--lang="):
            rest.append(word)
    return rest


def _replace_closed_streams() -> None:
    """A stream that the caller has closed (`<&-`, `>&-`) reads as empty, and takes what nobody will see."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open as long as the process


def _flushed(code: int) -> int:
    """`code`, once all is printed; a reader that has gone away changes nothing about it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        from k8squiz.terminal.pipe import let_go_of_stdout

        let_go_of_stdout()
    return code


def _sensible_size() -> None:
    """COLUMNS and LINES as everything that draws can use them: a number from 1 to 500, or unset."""
    for name in ("COLUMNS", "LINES"):
        said = os.environ.get(name)
        if said is None:
            continue
        if not (said.isascii() and said.isdigit()) or not said.strip("0"):
            del os.environ[name]
        elif len(said.lstrip("0")) > 3 or int(said) > _MOST_COLUMNS:
            os.environ[name] = str(_MOST_COLUMNS)


def _survive_narrow_encodings() -> None:
    """A terminal that cannot show a character shows a question mark; it does not end the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
