"""A flight recorder for AWS deployments."""

__version__ = "0.1.0"
