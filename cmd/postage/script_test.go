package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the expected output of scripts anew")

// TestScripts runs the command as a person would: one file of testdata/script for
// each thing that they may want to do.
func TestScripts(t *testing.T) {
	cache, err := os.UserCacheDir() // the engine library is there
	if err != nil {
		t.Fatal(err)
	}
	tariff, err := filepath.Abs(filepath.Join("testdata", "tariff"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", cache)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			return os.CopyFS(filepath.Join(env.WorkDir, "small"), os.DirFS(tariff))
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"status": status},
	})
}
