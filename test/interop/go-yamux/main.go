// A peer on hashicorp/yamux for the interoperation tests: test/interop/dialogue.md says what is spoken on the streams.
//
//	go-yamux -connect HOST:PORT -role client|server -task respond|drive|hold [-ca FILE -name HOST]
//
// respond: serves the streams that the other side opens. drive: opens streams, prints one line for each check
// ("ok NAME" or "not ok NAME: why") and exits 1 if one failed. hold: accepts one stream at most, never serves it.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"net"
	"os"

	"github.com/hashicorp/yamux"
)

func main() {
	connect := flag.String("connect", "", "address of the other side")
	role := flag.String("role", "client", "yamux role: client or server")
	task := flag.String("task", "respond", "respond, drive or hold")
	ca := flag.String("ca", "", "speak TLS and trust the certificates in this file")
	name := flag.String("name", "", "name that the certificate must have")
	flag.Parse()

	conn, err := dial(*connect, *ca, *name)
	if err != nil {
		fail(err)
	}
	config := yamux.DefaultConfig()
	if *task == "hold" {
		config.AcceptBacklog = 1
	}
	open := yamux.Server
	if *role == "client" {
		open = yamux.Client
	}
	session, err := open(conn, config)
	if err != nil {
		fail(err)
	}
	switch *task {
	case "respond":
		newResponder(session).serve()
	case "drive":
		failed := drive(session)
		session.Close()
		if failed > 0 {
			os.Exit(1)
		}
	case "hold":
		<-session.CloseChan()
	default:
		fail(fmt.Errorf("unknown task %q", *task))
	}
}

func dial(address, ca, name string) (net.Conn, error) {
	if ca == "" {
		return net.Dial("tcp", address)
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", ca)
	}
	return tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS13})
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}
