"""A continuous record as an International Patient Summary document (IPS 2.0, http://hl7.org/fhir/uv/ips). Pure."""
