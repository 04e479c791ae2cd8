// The driver of the folder above, built with an older version of the library.
module github.com/loadstone-bpf/loadstone/drivers/cilium/v0.20

go 1.25.0

require (
	github.com/cilium/ebpf v0.22.0
	github.com/loadstone-bpf/loadstone v0.0.0
)

require (
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.47.0 // indirect
)

replace (
	github.com/cilium/ebpf => github.com/cilium/ebpf v0.20.0
	github.com/loadstone-bpf/loadstone => ../../..
)
