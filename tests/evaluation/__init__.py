"""The independent judge of the continuous record: it reads the contract and the truth, never how the hub reads."""
