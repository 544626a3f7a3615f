"""Settings for every test and notebook; it imports only what a learner has."""

import os
import tempfile

# An empty state folder for each worker: nobody's own predictions get into a test or a notebook.
os.environ["COURSE_STATE"] = tempfile.mkdtemp(prefix="course-state-")
