"""Facts of a campaign as plain data: what `--json` prints and views show."""
