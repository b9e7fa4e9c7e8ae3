#!/usr/bin/env bash
# Checks budgets: annotations to the log, Markdown to the job's summary and to a file for the comment.
# Every input comes by the environment, so that nothing in one is read as a command.
set -euo pipefail
arguments=()
if [ -n "${ARCHSTAT_BASE:-}" ]; then arguments+=("--base=$ARCHSTAT_BASE"); fi
if [ -n "${ARCHSTAT_CONFIG:-}" ]; then arguments+=("--config=$ARCHSTAT_CONFIG"); fi
arguments+=(--)
while IFS= read -r spec; do
  if [ -n "$spec" ]; then arguments+=("$spec"); fi
done <<< "${ARCHSTAT_SPECS:-}"
exec "$RUNNER_TEMP/archstat/bin/archstat" check -f github -o - -o "$RUNNER_TEMP/archstat.md" --step-summary "${arguments[@]}"
