"""What a neural-network architecture costs, exactly, from a YAML spec."""

__version__ = "0.1.0"
