"""Patients that nobody has seen: seeded, in the layout of ../shared/corpora/reassembly-sample, in other words."""
