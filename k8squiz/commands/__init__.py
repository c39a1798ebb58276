"""One module a command: `run(*, lang, ...)` does the work, prints, and returns the exit code.

0 success, 1 where the answer is "no", 2 bad input (raise QuizError or an EngineError instead), 130 interrupted.
`k8squiz.cli.commands` wires them to the command line and imports none of them before its command is called.
"""
