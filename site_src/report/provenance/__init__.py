"""What a published site says of its own parts: bills of materials (CycloneDX) and third parties' notices."""
