"""One module per figure: tidy frames in, a matplotlib figure out, no files."""
