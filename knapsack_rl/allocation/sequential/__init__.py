"""Methods that draw in rounds, select prompts or filter groups; one small file each."""
