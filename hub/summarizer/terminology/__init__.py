"""The field's names: curated tables, what equal names share, where a text names them, and what a wording may mean."""
