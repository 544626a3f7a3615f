"""Settings for every test and notebook; it imports only what a learner has."""

import os
import tempfile

# An empty state folder for each worker: nobody's own predictions get into a test or a notebook.
os.environ["COURSE_STATE"] = tempfile.mkdtemp(prefix="course-state-")
# A worker for each core, a thread for each worker: more of them only wait for one another.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
