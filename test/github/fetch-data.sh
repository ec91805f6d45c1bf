#!/bin/sh
# Downloads GitHub's own descriptions of its APIs and webhooks from the npm registry into
# the cache. The tests check the stand-in against them:
# ${XDG_CACHE_HOME:-~/.cache}/rehearsal/github-data/PACKAGE/VERSION/FILE
# Existing files are kept; new files are written atomically.
set -eu

packages=$(dirname "$0")/internal/data/packages.txt
cache=${XDG_CACHE_HOME:-$HOME/.cache}/rehearsal/github-data

work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

need_npm() {
	command -v npm >/dev/null && return
	echo "fetch-data: installing npm" >&2
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo "fetch-data: npm is needed: install it, or run as root on Debian" >&2
		exit 1
	fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
}

while read -r package version sum file; do
	case $package in '' | '#'*) continue ;; esac
	to=$cache/$package/$version
	target=$to/$(basename "$file")
	[ -s "$target" ] && continue
	need_npm
	mkdir -p "$to"
	work=$(mktemp -d "$to/.fetch.XXXXXX")
	echo "fetch-data: $package@$version" >&2
	(cd "$work" && npm pack --silent "$package@$version" >/dev/null)
	echo "$sum  $(ls "$work"/*.tgz)" | sha256sum --check --quiet
	tar -xzf "$work"/*.tgz -C "$work" --strip-components=1 "package/$file"
	mv "$work/$file" "$target"
	rm -rf "$work"
	work=
done <"$packages"
echo "$cache"
