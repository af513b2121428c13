"""Downloads that are verified, resumed and unpacked safely."""
