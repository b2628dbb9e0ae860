package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/yamux"
)

// responder serves the streams that the other side opens.
type responder struct {
	session *yamux.Session
	resets  int64
}

func newResponder(session *yamux.Session) *responder {
	return &responder{session: session}
}

func (r *responder) serve() {
	for {
		stream, err := r.session.AcceptStream()
		if err != nil {
			return
		}
		go r.answer(stream)
	}
}

func (r *responder) answer(stream *yamux.Stream) {
	in := bufio.NewReader(stream)
	line, err := in.ReadString('\n')
	if err != nil {
		stream.Close()
		return
	}
	words := strings.Fields(line)
	switch words[0] {
	case "echo":
		io.Copy(stream, in)
	case "sum":
		hash := sha256.New()
		size, _ := io.Copy(hash, in)
		fmt.Fprintf(stream, "%d %x", size, hash.Sum(nil))
	case "both":
		size, _ := strconv.ParseInt(words[1], 10, 64)
		if err := bothWays(stream, in, size); err != nil {
			fmt.Fprintf(stream, "no: %v", err)
		} else {
			io.WriteString(stream, "ok")
		}
	case "hold":
		io.WriteString(stream, "held\n")
		if _, err := in.ReadByte(); err == yamux.ErrConnectionReset {
			atomic.AddInt64(&r.resets, 1)
		}
	case "resets":
		fmt.Fprintf(stream, "%d", atomic.LoadInt64(&r.resets))
	case "goaway":
		if err := r.session.GoAway(); err != nil {
			fmt.Fprintf(stream, "no: %v", err)
		}
		io.WriteString(stream, "gone\n")
		io.Copy(stream, in)
	}
	stream.Close()
}
