"""The command line: options, groups, help pages. Each command is one call into k8squiz.commands.

Nothing here does a command's work, and importing it imports no command.
"""
