"""The command line. May import everything; each command imports what it needs when it is called."""
