// Command verifier checks an exported log with the Go project's own packages for signed notes and transparency logs.
//
// It shares no code with what it verifies. Usage:
//
//	verifier VKEY DIRECTORY [OLDER-CHECKPOINT-FILE]
//
// It opens the checkpoint with the key, reads every hash tile the tree needs and proves it against the root, hashes
// every entry of every bundle and compares it with its leaf hash, recomputes every upper tile, and proves the older
// checkpoint, if one is given, to be a beginning of this tree. It prints one line and exits 0, or says why and exits 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// path is the place of a tile after C2SP tlog-tiles, which leaves out the height that Go's own layout has.
func path(t tlog.Tile) string {
	return strings.Replace(t.Path(), "tile/8/", "tile/", 1)
}

// directory reads tiles from a static export.
type directory string

func (d directory) Height() int { return height }

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		raw, err := os.ReadFile(filepath.Join(string(d), path(t)))
		if err != nil {
			return nil, err
		}
		if len(raw) != t.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path(t), len(raw))
		}
		data[i] = raw
	}
	return data, nil
}

func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}

// open verifies a checkpoint with the key and returns the tree it signs.
func open(file string, keys note.Verifiers, origin string) (tlog.Tree, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return tlog.Tree{}, err
	}
	n, err := note.Open(raw, keys)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("%s: not a checkpoint of %s", file, origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("%s: malformed root", file)
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}

// bundle splits an entry bundle of exactly width entries.
func bundle(raw []byte, width int) ([][]byte, error) {
	var entries [][]byte
	for len(raw) > 0 {
		if len(raw) < 2 || len(raw)-2 < int(binary.BigEndian.Uint16(raw)) {
			return nil, fmt.Errorf("the bundle ends inside an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(raw))
		entries, raw = append(entries, raw[2:end]), raw[end:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("the bundle has %d entries instead of %d", len(entries), width)
	}
	return entries, nil
}

// checkEntries holds each entry of the bundles against the leaf hash that the tree proves.
func checkEntries(d directory, tree tlog.Tree, hashes tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += 1 << height {
		t := tlog.Tile{H: height, L: 0, N: first >> height, W: int(min(1<<height, tree.N-first))}
		file := strings.Replace(path(t), "tile/0/", "tile/entries/", 1)
		raw, err := os.ReadFile(filepath.Join(string(d), file))
		if err != nil {
			return err
		}
		entries, err := bundle(raw, t.W)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for i, entry := range entries {
			index := first + int64(i)
			leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return err
			}
			if tlog.RecordHash(entry) != leaf[0] {
				return fmt.Errorf("entry %d does not have the leaf hash the tree proves", index)
			}
		}
	}
	return nil
}

// checkTiles recomputes every tile of the tree from its proven leaf hashes.
func checkTiles(d directory, tree tlog.Tree, hashes tlog.HashReader) error {
	for _, t := range tlog.NewTiles(height, 0, tree.N) {
		want, err := tlog.ReadTileData(t, hashes)
		if err != nil {
			return err
		}
		found, err := d.ReadTiles([]tlog.Tile{t})
		if err != nil {
			return err
		}
		if string(found[0]) != string(want) {
			return fmt.Errorf("%s is not what the entries give", path(t))
		}
	}
	return nil
}

// checkOlder proves that the older tree is a beginning of this one.
func checkOlder(older, tree tlog.Tree, hashes tlog.HashReader) error {
	if older.N > tree.N {
		return fmt.Errorf("the older checkpoint has size %d, this one %d", older.N, tree.N)
	}
	if older.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, older.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}

func run(args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return fmt.Errorf("usage: verifier VKEY DIRECTORY [OLDER-CHECKPOINT-FILE]")
	}
	key, err := note.NewVerifier(args[0])
	if err != nil {
		return err
	}
	keys, d := note.VerifierList(key), directory(args[1])
	tree, err := open(filepath.Join(args[1], "checkpoint"), keys, key.Name())
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, d)
	if err := checkEntries(d, tree, hashes); err != nil {
		return err
	}
	if err := checkTiles(d, tree, hashes); err != nil {
		return err
	}
	if len(args) == 3 {
		older, err := open(args[2], keys, key.Name())
		if err != nil {
			return err
		}
		if err := checkOlder(older, tree, hashes); err != nil {
			return err
		}
	}
	fmt.Printf("verified %d entries of %s\n", tree.N, key.Name())
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
