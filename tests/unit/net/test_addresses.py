"""Addresses of machines, in the smallest network that is allowed."""

from __future__ import annotations

import pytest

from vestibule.core.addresses import MachineNetwork
from vestibule.core.errors import Unavailable


def test_gateway_and_the_addresses_of_qemu_are_never_a_machine_s() -> None:
    network, taken = MachineNetwork.parse("10.9.8.0/29"), set[str]()
    for _ in range(3):
        taken.add(network.free(taken))
    assert taken == {"10.9.8.2", "10.9.8.3", "10.9.8.4"}
    with pytest.raises(Unavailable, match="all 3 addresses"):
        network.free(taken)
