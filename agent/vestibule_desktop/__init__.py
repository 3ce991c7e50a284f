"""The guest's desktop: starts and keeps up Xvnc, a window manager, Chromium and a terminal, then the agent.

Apart from the agent because it changes rarely: a memory snapshot of the running desktop outlives the agent's
edits (docs/decisions/0015-desktop-below-agent.md).  Standard library alone.
"""
