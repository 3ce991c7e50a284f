"""Goldens on this host: recipes read from ``images/``, layers built once, kept by name.

::

    images/, agent/ ──recipe──▶ Recipe (names) ──build──▶ <cache>/layers/<layer>/{layer.sqfs, rootfs/}
                                                          <cache>/goldens/<golden>/{manifest.json, kernel, initrd, rootfs/}
"""
