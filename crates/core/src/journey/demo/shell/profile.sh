# What a signed-in user sees.
. ./src/auth.sh

# greeting TOKEN NOW: prints the line at the top of the page.
greeting() {
    if user=$(validate_token "$1" "$2"); then
        echo "Hello $user"
    else
        echo "Please sign in"
    fi
}
