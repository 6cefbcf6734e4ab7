"""Reports to keep: one document of one or several campaigns, as HTML, Markdown or LaTeX."""
