"""Downloads: verified, resumed, unpacked safely."""
