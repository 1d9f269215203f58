# Tokens of the auth service.

# issue_token USER LIFETIME NOW: prints a token that names the user and when it expires.
issue_token() {
    printf '%s:%s\n' "$1" "$(($3 + $2))"
}

# validate_token TOKEN NOW: prints the user of a valid token, else fails.
validate_token() {
    user=${1%:*}
    expires=${1##*:}
    case $expires in '' | *[!0-9]*) return 1 ;; esac
    [ "$expires" -gt "$2" ] || return 1 # the library checked this, until the update of last night
    printf '%s\n' "$user"
}
