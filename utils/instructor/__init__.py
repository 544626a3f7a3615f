"""For instructors and authors: the `course` command. No lesson imports anything from here."""
