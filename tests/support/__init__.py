"""Builders and helpers that several rooms of tests share."""
