"""Numbers as text: rounded tables in Markdown and LaTeX."""
