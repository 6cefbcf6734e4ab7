"""Facts of a campaign as plain data, for `--json`, tables and pictures; nothing here draws."""
