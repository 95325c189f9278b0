"""The HTML report, piece by piece: what it says is made here, how it looks is in templates/ and static/."""
