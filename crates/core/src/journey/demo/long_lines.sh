# Prints `path:line: message` for every line of the given files that is longer than 79 characters.
for file in "$@"; do
    number=0
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        [ "${#line}" -le 79 ] || echo "$file:$number: line too long (${#line} > 79 characters)"
    done <"$file"
done
