"""HTTP routes that are not FHIR: health, metrics, the record. Routers take what they call as plain callables."""
