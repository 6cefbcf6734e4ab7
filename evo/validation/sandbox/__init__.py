"""Sandbox: run a candidate's source where it can reach nothing, and get its trace back as text.

The engine's side is `sandbox` (requests) over `connection` (a running zygote) and `frames`
(messages on pipes). The other side is `zygote`, which forks a `child` per candidate; `lockdown`
shuts the child in with the walls of the kernel: `landlock` for files, `syscalls` (seccomp) for
everything else. `walls` says which of them this machine has.
"""
