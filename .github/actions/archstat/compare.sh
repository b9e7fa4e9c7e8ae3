#!/usr/bin/env bash
# Says what the branch changes since its base, in the job's summary and in a file for the comment.
set -euo pipefail
arguments=("--base=$ARCHSTAT_BASE")
if [ -n "${ARCHSTAT_CONFIG:-}" ]; then arguments+=("--config=$ARCHSTAT_CONFIG"); fi
arguments+=(--)
while IFS= read -r path; do
  if [ -n "$path" ]; then arguments+=("$path"); fi
done <<< "${ARCHSTAT_PATHS:-}"
exec "$RUNNER_TEMP/archstat/bin/archstat" compare -o - -o "$RUNNER_TEMP/archstat-compare.md" --step-summary "${arguments[@]}"
