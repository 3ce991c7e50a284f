"""Machine drivers: container, QEMU, and the fake that ships for tests."""
