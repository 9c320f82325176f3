#!/usr/bin/env bash
# Reviews what a change does to access. Run in the repository of the service, on a pull request or by
# hand: BASE=origin/main POLICY=policies/blog.yaml .github/actions/cargo-auth/review.sh
#
# In, from the environment:
#   POLICY   the policy, relative to the repository (policies/auth.yaml)
#   BASE     the revision to compare with; without one nothing is compared
#   APPROVE  a file that lists approved widenings; without one none is
#   LOCK     `false` if the code is not held to a lock
#   PACKAGE  the package whose application the lock is of (that of the current folder)
#   REPORT   where the comparison is written, in Markdown; GITHUB_STEP_SUMMARY gets it as well
# Out: annotations on standard output. Exits 0 if all is fine, 1 if the policy has errors, the lock is
# stale or access is widened without approval, 2 if something could not be done.
set -uo pipefail

POLICY=${POLICY:-policies/auth.yaml}
BASE=${BASE:-}
APPROVE=${APPROVE:-}
LOCK=${LOCK:-true}
PACKAGE=${PACKAGE:-}
REPORT=${REPORT:-$(mktemp)}
worst=0

# note CODE: remembers the worst exit code.
note() {
    [ "$1" -gt "$worst" ] && worst=$1
    return 0
}

# step NAME COMMAND..: runs it in a group of the log.
step() {
    local name=$1 code
    shift
    echo "::group::$name"
    "$@"
    code=$?
    echo "::endgroup::"
    note "$code"
    return "$code"
}

# A base that a shallow clone lacks is fetched; one that cannot be had is told.
have_base() {
    # No name of a revision begins so, and git would take it for an option.
    case $BASE in -*) return 1 ;; esac
    git rev-parse --quiet --verify "$BASE^{commit}" >/dev/null && return 0
    git fetch --quiet --no-tags --depth=1 origin "$BASE" &&
        git rev-parse --quiet --verify "$BASE^{commit}" >/dev/null
}

compare() {
    local approved=()
    [ -n "$APPROVE" ] && approved=(--approve "$APPROVE")
    # The caller's options come first, so that no name is taken for one.
    cargo auth diff --format markdown --deny widening "${approved[@]}" "$BASE:$POLICY" "$POLICY" \
        >"$REPORT"
}

# Annotations are for standard output as they are: not in a group, where they would be folded.
cargo auth check --format github "$POLICY"
note $?

if [ "$LOCK" != false ]; then
    step "cargo auth lock --check" cargo auth lock --check ${PACKAGE:+--package "$PACKAGE"} ||
        echo "::error file=$POLICY,title=lock::the lock beside the policy is stale, or cannot be compared: see the log, run cargo auth lock, and commit what it writes"
fi

if [ -z "$BASE" ]; then
    echo "::notice::no base is named, so access is not compared with anything"
elif ! have_base; then
    echo "::error::the base $BASE is not in this clone and cannot be fetched"
    note 2
elif ! git cat-file -e "$BASE:$POLICY" 2>/dev/null; then
    echo "The policy \`$POLICY\` is new: there is nothing to compare it with." >"$REPORT"
else
    step "cargo auth diff" compare ||
        echo "::error file=$POLICY,title=widening::access is widened without approval, or cannot be compared: see the summary of this job"
fi

if [ -s "$REPORT" ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$REPORT" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$worst"
