"""What a study of defences found, for pages: attacks by defences, each cell as a word, a number and its details."""
