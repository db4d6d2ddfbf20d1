"""Measures how many times as fast miqrec is as RecTools and RecBole at the same work."""
