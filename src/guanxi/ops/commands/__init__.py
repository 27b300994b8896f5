"""What each command of `guanxi` does; imported when it runs."""
