"""SQL in named blocks of `.sql` files, the declared schema, and connections."""
