"""Notifications of a campaign: a command or a webhook is told what happens to it."""
