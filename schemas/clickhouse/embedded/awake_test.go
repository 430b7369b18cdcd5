package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

const awakeEnv = "POSTAGE_TEST_AWAKE"

// beAwake says that it has two seconds, and ends when they are over.
func beAwake() {
	ctx, cancel := awake(context.Background(), 2*time.Second)
	defer cancel()
	fmt.Println("begun")
	<-ctx.Done()
	if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		os.Exit(1)
	}
	os.Exit(0)
}

// TestAwake: the time during which a process is stopped does not count.
func TestAwake(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), awakeEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGSTOP)
	time.Sleep(3 * time.Second)
	goesOn := time.Now()
	cmd.Process.Signal(syscall.SIGCONT)
	if err := cmd.Wait(); err != nil || time.Since(goesOn) < time.Second {
		t.Errorf("ended %s after it went on, with %v; want about the two seconds it had", time.Since(goesOn), err)
	}
}
