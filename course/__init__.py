"""The machinery of the course: it checks, judges, releases and grades; lessons import `utils`."""
