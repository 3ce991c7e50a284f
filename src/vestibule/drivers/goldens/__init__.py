"""Goldens on this host: recipes read from ``images/``, layers built once, kept by name.

::

    images/, agent/ ──recipe──▶ names ──build──▶ <cache>/layers/<layer>/{layer.sqfs, rootfs/}
                                                 <cache>/goldens/<golden>/{kernel, initrd, rootfs/}
"""
