# SPDX-License-Identifier: Apache-2.0
"""What a build tells about itself. facts.py takes all of it out of the plan, once: it is report.json.
The page for people (page.py), the texts for the terminal (summary.py, overview.py) and the
comparison of two builds (diff.py) are made from these facts alone."""
