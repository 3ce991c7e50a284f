"""Metrics by prometheus-client: one registry per controller, and the readers of its gauges."""
