"""`course release` and `course new`: what an author writes becomes what a learner opens."""
