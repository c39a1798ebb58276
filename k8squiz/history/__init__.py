"""What is remembered of the user: the store, what is due, statistics, export and import.

No terminal, and no clock of its own: the time is handed in.
"""
