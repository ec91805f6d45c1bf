#!/usr/bin/env bash
# Writes the generated code and the CRD from pkg/apis, with the generators pinned in
# test/tools/codegen/go.mod, and the files generated from pkg/settings.
set -euo pipefail
cd "$(dirname "$0")/../.."

module=github.com/rehearsal-dev/rehearsal
api=$module/pkg/apis/rehearsal/v1alpha1
client=$module/pkg/client
header=test/tools/boilerplate.go.txt

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
(cd test/tools/codegen && GOFLAGS=-mod=readonly GOBIN=$bin go install tool)

find pkg/apis -name 'zz_generated.*' -delete
rm -rf pkg/client

"$bin/deepcopy-gen" --go-header-file $header --output-file zz_generated.deepcopy.go $api
"$bin/client-gen" --go-header-file $header \
  --clientset-name versioned --input-base $module/pkg/apis --input rehearsal/v1alpha1 \
  --output-pkg $client/clientset --output-dir pkg/client/clientset
"$bin/lister-gen" --go-header-file $header \
  --output-pkg $client/listers --output-dir pkg/client/listers $api
"$bin/informer-gen" --go-header-file $header \
  --versioned-clientset-package $client/clientset/versioned --listers-package $client/listers \
  --output-pkg $client/informers --output-dir pkg/client/informers $api
"$bin/injection-gen" -h $header -i $api \
  --versioned-clientset-package $client/clientset/versioned \
  --external-versions-informers-package $client/informers/externalversions \
  --listers-package $client/listers \
  -p $client/injection -o pkg/client/injection

"$bin/controller-gen" crd:crdVersions=v1,allowDangerousTypes=false paths=./pkg/apis/... output:crd:stdout \
  | sed '/controller-gen.kubebuilder.io\/version/d; /^  annotations:$/d; s/of the Service that$/of the Rehearsal that/' > config/300-rehearsal.yaml

go -C test/tools/settings run .
