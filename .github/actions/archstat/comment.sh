#!/usr/bin/env bash
# Writes the report as a comment on the pull request, or edits the one that an earlier run wrote.
set -euo pipefail
report=$RUNNER_TEMP/archstat.md
if [ ! -s "$report" ]; then
  echo "no report to comment with"
  exit 0
fi
changes=$RUNNER_TEMP/archstat-compare.md
# GitHub takes 65,536 characters; what doesn't fit is in the job's summary.
if [ -s "$changes" ] && [ "$(cat "$report" "$changes" | wc -c)" -lt 65000 ]; then
  { echo; cat "$changes"; } >> "$report"
fi
case $ARCHSTAT_PULL_REQUEST in
  '' | *[!0-9]*) echo "not the number of a pull request" >&2; exit 1 ;;
esac
comments=repos/$GITHUB_REPOSITORY/issues/$ARCHSTAT_PULL_REQUEST/comments
# A bot's alone: anybody may write a comment that begins with the marker.
own='.[] | select(.user.type == "Bot" and (.body | startswith("<!-- archstat check -->"))) | .id'
found=$(gh api --paginate "$comments" --jq "$own")
id=${found%%$'\n'*}
if [ -n "$id" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --silent -F "body=@$report"
else
  gh api --method POST "$comments" --silent -F "body=@$report"
fi
