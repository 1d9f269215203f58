. ./src/auth.sh
failed=0

expect() { # NAME WANTED GOT
    if [ "$2" = "$3" ]; then
        echo "ok $1"
    else
        echo "FAIL $1: expected '$2', got '$3'"
        failed=1
    fi
}

fresh=$(validate_token "$(issue_token ada 60 1000)" 1001)
expect "a fresh token is accepted" ada "$fresh"

garbage=$(validate_token garbage 1001)
expect "garbage is rejected" "" "$garbage"

expired=$(validate_token "$(issue_token ada 60 1000)" 1060)
expect "an expired token is rejected" "" "$expired"

exit "$failed"
