"""The commands of `evo`, one file each; imports that cost seconds wait until one is called."""
