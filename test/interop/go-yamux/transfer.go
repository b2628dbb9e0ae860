package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand"
)

// bothWays sends size random bytes and their SHA-256, and reads and verifies as many, both at the same time.
func bothWays(out io.Writer, in io.Reader, size int64) error {
	sent := make(chan error, 1)
	go func() { sent <- pour(out, size) }()
	if err := drain(in, size); err != nil {
		return err
	}
	return <-sent
}

func pour(out io.Writer, size int64) error {
	random := rand.New(rand.NewSource(size))
	hash := sha256.New()
	chunk := make([]byte, 100_000)
	for left := size; left > 0; {
		if left < int64(len(chunk)) {
			chunk = chunk[:left]
		}
		random.Read(chunk)
		hash.Write(chunk)
		if _, err := out.Write(chunk); err != nil {
			return err
		}
		left -= int64(len(chunk))
	}
	_, err := out.Write(hash.Sum(nil))
	return err
}

func drain(in io.Reader, size int64) error {
	hash := sha256.New()
	if _, err := io.CopyN(hash, in, size); err != nil {
		return fmt.Errorf("reading %d bytes: %w", size, err)
	}
	told := make([]byte, sha256.Size)
	if _, err := io.ReadFull(in, told); err != nil {
		return fmt.Errorf("reading the digest: %w", err)
	}
	if !bytes.Equal(told, hash.Sum(nil)) {
		return fmt.Errorf("the digests differ")
	}
	return nil
}
