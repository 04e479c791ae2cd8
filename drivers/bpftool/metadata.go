// SPDX-License-Identifier: Apache-2.0

package bpftool

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/loadstone-bpf/loadstone/drivers/command"
	"github.com/loadstone-bpf/loadstone/loader"
)

// programs lists what is run to see all programs of the kernel.
var programs = command.Table{
	Argv:    map[loader.Op][]string{loader.OpQuery: {bpftool, "-j", "prog", "show"}},
	Refuses: command.NegatedErrnos(),
}

// Query implements [command.Querier]: it tells what the command shows of structures and of
// metadata.
func (t *tool) Query(ctx context.Context, r loader.Query) (loader.Reply, error) {
	switch r.What {
	case "struct_ops":
		output, err := show(ctx, structOps)
		if err != nil {
			return nil, err
		}
		return answerOf(output)
	case "metadata":
		output, err := show(ctx, programs)
		if err != nil {
			return nil, err
		}
		return metadataOf(output)
	}
	return command.Unsupported(loader.Feature(loader.OpQuery), "no command tells of %s", r.What),
		nil
}

// show returns what a command prints that shows something.
func show(ctx context.Context, t command.Table) (string, error) {
	argv, err := t.Command(loader.OpQuery, nil)
	if err != nil {
		return "", err
	}
	output, err := command.Output(ctx, argv, command.Environment{})
	if err != nil {
		return "", fmt.Errorf("%v: %w: %s", argv, err, output)
	}
	return output, nil
}

// metadataOf reads what prog show prints: [{"id":12,"name":"x","metadata":{"owner":"y"},…},…], the
// metadata only of programs that hold some.
func metadataOf(output string) (loader.Reply, error) {
	var shown []struct {
		ID       uint32                     `json:"id"`
		Name     string                     `json:"name"`
		Metadata map[string]json.RawMessage `json:"metadata"`
	}
	if output != "" {
		if err := json.Unmarshal([]byte(output), &shown); err != nil {
			return nil, fmt.Errorf("what prog show prints: %w: %q", err, output)
		}
	}
	answer := []any{}
	for _, one := range shown {
		if len(one.Metadata) > 0 {
			answer = append(answer,
				map[string]any{"id": one.ID, "name": one.Name, "metadata": one.Metadata})
		}
	}
	return &loader.OK{Answer: answer}, nil
}
