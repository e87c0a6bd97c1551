"""How much of what other converters say of the same messages stands in our Bundles: `python -m tests.fidelity`."""
