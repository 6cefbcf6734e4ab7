"""Compute: worker processes and the devices that they train on."""
