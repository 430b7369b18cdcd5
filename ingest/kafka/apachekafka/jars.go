//go:build linux || darwin

package apachekafka

import (
	"context"
	_ "embed"
	"postage/schemas/maven"
)

//go:embed pom.xml
var pom []byte

// fetchJars returns the folder with the broker's jars.
func fetchJars(ctx context.Context) (string, error) { return maven.Jars(ctx, "apachekafka", pom) }
