"""What people think of answers, and where drafts get worse: blind samples with a rubric, and drift."""
