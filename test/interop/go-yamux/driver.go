package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

const (
	streams = 100
	bulk    = 64 << 20
)

// drive opens streams against a responder and prints what came of it. It returns the number of failures.
func drive(session *yamux.Session) int {
	checks := []struct {
		name string
		run  func(*yamux.Session) error
	}{
		{"ping", ping},
		{"100 streams echo", echoes},
		{"half-close is kept", halfClose},
		{"64 MiB each way", bothBulk},
		{"reset by the other side", reset},
		{"go away by the other side", goAway},
	}
	failed := 0
	for _, check := range checks {
		if err := check.run(session); err != nil {
			failed++
			fmt.Printf("not ok %s: %v\n", check.name, err)
		} else {
			fmt.Printf("ok %s\n", check.name)
		}
	}
	return failed
}

// open opens a stream and says what the responder shall do on it.
func open(session *yamux.Session, command string) (*yamux.Stream, error) {
	stream, err := session.OpenStream()
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(stream, command+"\n")
	return stream, err
}

func ping(session *yamux.Session) error {
	for i := 0; i < 10; i++ {
		if _, err := session.Ping(); err != nil {
			return err
		}
	}
	return nil
}

func echoes(session *yamux.Session) error {
	failures := make(chan error, streams)
	var all sync.WaitGroup
	for i := 0; i < streams; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			if err := echo(session, i); err != nil {
				failures <- fmt.Errorf("stream %d: %w", i, err)
			}
		}(i)
	}
	all.Wait()
	close(failures)
	return <-failures
}

func echo(session *yamux.Session, i int) error {
	stream, err := open(session, "echo")
	if err != nil {
		return err
	}
	return echoed(stream, bytes.Repeat([]byte{byte(i)}, 1000*(i+1)))
}

// echoed sends said on a stream that echoes, reads it back, and ends the stream.
func echoed(stream *yamux.Stream, said []byte) error {
	defer stream.Close()
	go stream.Write(said)
	heard := make([]byte, len(said))
	if _, err := io.ReadFull(stream, heard); err != nil {
		return err
	}
	if !bytes.Equal(said, heard) {
		return fmt.Errorf("something else came back")
	}
	return nil
}

func halfClose(session *yamux.Session) error {
	stream, err := open(session, "sum")
	if err != nil {
		return err
	}
	said := bytes.Repeat([]byte("half "), 100_000)
	if _, err := stream.Write(said); err != nil {
		return err
	}
	stream.Close()
	want := fmt.Sprintf("%d %x", len(said), sha256.Sum256(said))
	answer := make([]byte, len(want))
	if err := readAfterClose(stream, answer); err != nil {
		return err
	}
	if string(answer) != want {
		return fmt.Errorf("the answer is %q", answer)
	}
	return nil
}

// readAfterClose fills answer on a stream that we have closed. This version of hashicorp/yamux reports an end whenever
// its buffer is empty then, though it still takes what comes; so an end is no end until the answer is there.
func readAfterClose(stream *yamux.Stream, answer []byte) error {
	deadline := time.Now().Add(20 * time.Second)
	for read := 0; read < len(answer); {
		n, err := stream.Read(answer[read:])
		read += n
		if err == io.EOF && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		} else if err != nil {
			return fmt.Errorf("after %d bytes of the answer: %w", read, err)
		}
	}
	return nil
}

func bothBulk(session *yamux.Session) error {
	stream, err := open(session, fmt.Sprintf("both %d", bulk))
	if err != nil {
		return err
	}
	if err := bothWays(stream, stream, bulk); err != nil {
		return err
	}
	answer, err := io.ReadAll(stream)
	if err == nil && string(answer) != "ok" {
		err = fmt.Errorf("the answer is %q", answer)
	}
	stream.Close()
	return err
}

func reset(session *yamux.Session) error {
	stream, err := open(session, "reset")
	if err != nil {
		return err
	}
	if rest, err := io.ReadAll(stream); err != yamux.ErrConnectionReset {
		return fmt.Errorf("read %d bytes, then %v", len(rest), err)
	}
	return nil
}

// goAway lets the other side say go away: no new stream can be opened, the one at hand goes on. Must come last.
func goAway(session *yamux.Session) error {
	stream, err := open(session, "goaway")
	if err != nil {
		return err
	}
	word := make([]byte, len("gone\n"))
	if _, err := io.ReadFull(stream, word); err != nil {
		return err
	}
	if _, err := session.OpenStream(); err != yamux.ErrRemoteGoAway {
		return fmt.Errorf("a new stream: %v", err)
	}
	return echoed(stream, bytes.Repeat([]byte("on"), 300_000))
}
