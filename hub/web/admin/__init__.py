"""The administrator's pages: what is stuck and how to set it right. For the role administrator alone."""
