"""Kind matrix: which of several connections work, a tick each, and the rule that decided for each."""
