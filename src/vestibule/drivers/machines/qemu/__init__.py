"""Virtual machines by QEMU: cold boots for goldens, clones of a memory snapshot for people.

::

    golden (layers) ──cold boot, quiesce──▶ snapshot {memory.img, state.bin} ──clone──▶ Machine
                        snapshot.py                                            driver.py
"""
