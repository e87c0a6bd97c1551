"""The record page's view model: what a continuous record says, arranged for a reader; pure."""
