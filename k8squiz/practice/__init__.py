"""Practice as a plain state machine; it knows no terminal, no clock, and no chance but its seed."""
