"""Where other tools meet the checker. Each module needs the tool it is for, but for `asserting`."""
