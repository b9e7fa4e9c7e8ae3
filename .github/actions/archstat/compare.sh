#!/usr/bin/env bash
# Says what the branch changes since its base, in the job's summary and in a file for the comment.
set -euo pipefail
rm -f "$RUNNER_TEMP/archstat-compare.md"
exec "$RUNNER_TEMP/archstat/bin/archstat" compare "--base=$ARCHSTAT_BASE" -o "$RUNNER_TEMP/archstat-compare.md" --step-summary
