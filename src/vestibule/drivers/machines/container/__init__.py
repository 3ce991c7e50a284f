"""The container driver: a golden's rootfs, read-only, in namespaces of its own, by bubblewrap."""
