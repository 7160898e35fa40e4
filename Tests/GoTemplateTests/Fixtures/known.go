// Writes known.json: what Go's text/template, with docker's functions, makes of the templates of the tests.
//
//	go run known.go >known.json
//
// An entry without "output" is a template that Go refuses, or cannot run on the data. Data.swift has the same data.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"text/template"
)

type state struct {
	Status   string
	Running  bool
	ExitCode int
	Health   *state
}

type data struct {
	ID      string
	Names   []string
	None    []string
	Labels  map[string]string
	Ports   map[string]struct{}
	NoMap   map[string]string
	Size    int
	Ratio   float64
	Zero    int
	Empty   string
	On, Off bool
	State   state
	Layers  []state
	Matrix  [][]int
	Odd     string
}

var value = data{
	ID: "sha256:0123456789abcdef", Names: []string{"busybox:latest", "box:1"},
	Labels: map[string]string{"b": "two words", "a": "1", "org.x/y": "<&>"},
	Ports:  map[string]struct{}{"80/tcp": {}, "53/udp": {}},
	Size:   1234567, Ratio: 0.25, On: true,
	State:  state{Status: "running", Running: true, ExitCode: 3},
	Layers: []state{{Status: "one"}, {Status: "two", ExitCode: -2}},
	Matrix: [][]int{{1, 2}, {3}}, Odd: "tab\tquote\"back\\slash\nline é \u2028 \x01",
}

var functions = template.FuncMap{
	"json": func(v any) string {
		buf := &bytes.Buffer{}
		enc := json.NewEncoder(buf)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(v)
		return strings.TrimSpace(buf.String())
	},
	"split": strings.Split, "join": strings.Join, "title": strings.Title, "lower": strings.ToLower, "upper": strings.ToUpper,
	"pad": func(source string, prefix, suffix int) string {
		if source == "" {
			return source
		}
		return strings.Repeat(" ", prefix) + source + strings.Repeat(" ", suffix)
	},
	"truncate": func(source string, length int) string {
		if len(source) < length {
			return source
		}
		return source[:length]
	},
}

var templates = []string{
	// Fields.
	"", "plain", "{{.ID}}", "{{.State.Status}}", "{{.State}}", "{{.Names}}", "{{.None}}", "{{.Labels}}", "{{.NoMap}}",
	"{{.Ports}}", "{{.Labels.a}}", "{{.Labels.none}}", "{{.NoMap.x}}", "{{.State.Health}}", "{{.State.Health.Status}}", "{{.Missing}}",
	"{{.ID.x}}", "{{.Size.x}}", "{{.Names.x}}", "{{$.ID}}", "{{ $.State.ExitCode }}", "{{.On}}{{.Off}}", "{{.Size}} {{.Ratio}}",
	"{{.Matrix}}", "{{.Layers}}", "{{(.State).Status}}", "{{(index .Layers 1).Status}}", "{{.Labels.a.b}}", "{{.Labels.none.x}}",
	// Trimming and comments.
	"a {{- .Size -}} b", "a {{- /* c */ -}} b", "a {{/* c */}} b", "{{/* c }}", "{{/*c*/ }}", "a\n\t{{- 3 }}", "{{-3}}", "{{- 3}}", "{{ 3 -}}  x",
	"{{3-}}", "{{/**/}}", "x{{- /* a */}} y", "{{\"}}\"}}", "{{`}}`}}", "{{", "}}", "{{}}", "{{ }}", "{ {.ID}}", "{{{.ID}}}", "{{\n.ID\n}}",
	// Constants.
	"{{1}} {{-1}} {{+1}} {{0x1F}} {{0b101}} {{0o17}} {{017}} {{1_000}} {{1.5}} {{1e3}} {{1e21}} {{1e20}} {{1e-5}} {{.5}} {{100000.0}} {{1e6}}",
	"{{9223372036854775807}}", "{{9223372036854775808}}", "{{'a'}} {{'\\n'}} {{'\\x41'}} {{'é'}}", "{{\"a\\tb\\\"c\\\\ \\u00e9 \\x41 \\101\"}}", "{{`raw\\n`}}",
	"{{true}} {{false}}", "{{nil}}", "{{\"unclosed}}", "{{'ab'}}", "{{08}}", "{{1x}}", "{{\"\\z\"}}", "{{1.2.3}}", "{{-}}", "{{''}}", "{{--1}}", "{{0x}}",
	// if.
	"{{if .On}}yes{{end}}", "{{if .Off}}yes{{else}}no{{end}}", "{{if .Empty}}1{{else if .Zero}}2{{else if .None}}3{{else}}4{{end}}", "{{if .Labels}}l{{end}}{{if .NoMap}}m{{end}}",
	"{{if .State}}s{{end}}{{if .State.Health}}h{{end}}", "{{if}}x{{end}}", "{{if .On}}", "{{end}}", "{{else}}", "{{if .On}}{{else}}{{else}}{{end}}",
	"{{if and .On .Off}}a{{else}}b{{end}}", "{{if not .Off}}n{{end}}", "{{if $x := .Size}}{{$x}}{{end}}", "{{if $x := .Zero}}{{$x}}{{else}}z{{$x}}{{end}}", "{{if $x := 1}}{{end}}{{$x}}",
	"{{if .On}}{{$y := 2}}{{$y}}{{end}}", "{{if .On}}{{$y := 2}}{{end}}{{$y}}", "{{if .On}}a{{else if}}b{{end}}", "{{if .Labels.none}}x{{else}}none{{end}}",
	// with.
	"{{with .State}}{{.Status}}{{end}}", "{{with .Empty}}x{{else}}e{{.Size}}{{end}}", "{{with $s := .State}}{{$s.ExitCode}} {{.Running}}{{end}}", "{{with .State.Health}}{{.Status}}{{else}}none{{end}}",
	"{{with .State}}{{$.ID}}{{end}}", "{{with index .Layers 0}}{{.Status}}{{end}}",
	// range.
	"{{range .Names}}[{{.}}]{{end}}", "{{range .None}}x{{else}}none{{end}}", "{{range $i, $n := .Names}}{{$i}}={{$n}};{{end}}", "{{range $n := .Names}}{{$n}} {{end}}",
	"{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "{{range .Labels}}{{.}},{{end}}", "{{range $k, $v := .Ports}}{{$k}} {{end}}", "{{range .Layers}}{{.Status}}{{.ExitCode}} {{$.Size}} {{end}}",
	"{{range .Matrix}}{{range .}}{{.}} {{end}};{{end}}", "{{range .ID}}x{{end}}", "{{range .NoMap}}x{{else}}e{{end}}", "{{range .Names}}{{if eq . \"box:1\"}}{{continue}}{{end}}{{.}}{{end}}",
	"{{range .Names}}{{.}}{{break}}{{end}}", "{{break}}", "{{range $a, $b, $c := .Names}}{{end}}", "{{$a, $b := .Names}}", "{{range $i, $e := .Names}}{{end}}{{$i}}", "{{range .Labels.none}}x{{else}}e{{end}}",
	"{{range $i, $_ := .Names}}{{if $i}}, {{end}}{{.}}{{end}}", "{{range .State.Health}}x{{end}}", "{{range .Names}}{{range $.Names}}{{continue}}x{{end}}y{{end}}", "{{range nil}}{{end}}",
	// Variables.
	"{{$x := 1}}{{$x}}", "{{$x := 1}}{{$x = 2}}{{$x}}", "{{$x = 1}}", "{{$x}}", "{{$x := 0}}{{range .Names}}{{$x = len .}}{{end}}{{$x}}", "{{$x := .State}}{{$x.Status}}", "{{$x := 1}}{{$x.y}}",
	"{{$x:=1}}{{$x}}", "{{ $x := .Names | len }}{{ $x }}", "{{$}}{{$x := 1}}", "{{$x := 1}}{{$x := 2}}{{$x}}", "{{$x := 1}}{{if .On}}{{$x := 2}}{{end}}{{$x}}", "{{$x := 1}}{{if .On}}{{$x = 2}}{{end}}{{$x}}",
	// Functions and pipelines.
	"{{len .ID}} {{len .Names}} {{len .Labels}} {{len .None}}", "{{len .Size}}", "{{len}}", "{{.Names | len}}", "{{index .Names 1}}", "{{index .Labels \"b\"}}", "{{index .Labels \"zz\"}}|", "{{index .Names 2}}",
	"{{index .Names -1}}", "{{index .Matrix 0 1}}", "{{index .Names}}", "{{index .Names \"a\"}}", "{{index .ID 0}}", "{{index .Size 0}}", "{{index}}", "{{index .NoMap \"a\"}}|", "{{index .Labels 1}}", "{{index nil 1}}",
	"{{slice .ID 7 19}}", "{{slice .Names 1}}", "{{slice .Names 0 3}}", "{{slice .ID 3 2}}", "{{slice .Labels 1}}", "{{slice .ID}}", "{{json .}}", "{{json .Labels}}", "{{json .Names}}", "{{json .None}}", "{{json .NoMap}}",
	"{{json .Odd}}", "{{json .Ratio}}", "{{json .Ports}}", "{{json .State}}", "{{.State | json}}", "{{json .Size}}", "{{json}}", "{{json nil}}", "{{json .State.Health}}",
	"{{join .Names \", \"}}", "{{join .None \",\"}}", "{{.Names | join}}", "{{join .ID \",\"}}", "{{split .ID \":\"}}", "{{index (split .ID \":\") 1}}", "{{split \"abc\" \"\"}}", "{{split \"\" \",\"}}", "{{split \"a,,b,\" \",\"}}", "{{len (split \"a,,b,\" \",\")}}",
	"{{upper .ID}}", "{{lower \"ÀB\"}}", "{{title \"hello wORLD a_b c-d é1x\"}}", "{{.ID | upper | lower}}", "{{upper 1}}", "{{truncate .ID 6}}", "{{truncate \"ab\" 6}}", "{{pad .Empty 2 2}}[{{pad \"x\" 1 2}}]", "{{nofunction .}}",
	"{{print 1 2 \"a\" \"b\" 3 4}}", "{{println 1 \"a\"}}", "{{print}}", "{{print nil}}", "{{print .Names .Size}}", "{{print .State.Health}}", "{{print true false}}", "{{.Size | print \"x\"}}", "{{1 | 2}}", "{{.ID | .Size}}", "{{.ID 1}}", "{{3 4}}", "{{\"a\" | upper}}",
	"{{(print 1) | upper}}", "{{upper (print \"a\")}}", "{{(}}", "{{)}}", "{{()}}", "{{(1)}}", "{{((.ID))}}", "{{print (len .Names) (len .ID)}}", "{{|}}", "{{.ID||.ID}}", "{{,}}", "{{.ID,}}", "{{.ID. }}", "{{..ID}}", "{{.ID @}}", "{{len.ID}}", "{{1.ID}}", "{{true.x}}", "{{nil.x}}", "{{print\"a\"}}", "{{print 1\"a\"}}", "{{print \"a\"1}}",
	// Comparisons and logic.
	"{{eq 1 1}} {{eq 1 2}} {{eq \"a\" \"a\"}} {{eq .Size 1234567}} {{eq true .On}} {{eq 1 2 3 1}}", "{{eq 1 \"a\"}}", "{{eq 1}}", "{{eq 1 1.0}}", "{{ne 1 2}} {{ne .ID .ID}}", "{{ne 1 2 3}}", "{{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1.5 2.5}}", "{{lt true false}}", "{{lt 1 \"a\"}}",
	"{{and 1 0 2}} {{and 1 2}} {{or 0 \"\" 3}} {{or 0 \"\"}}|", "{{and}}", "{{or .Zero .Empty .ID}}", "{{and .On (eq .Size 3)}}", "{{or .On (index .Names 9)}}", "{{not 1}} {{not .Zero}}", "{{not}}", "{{1 | and 0}} {{1 | or 0}}", "{{eq .Names .Names}}", "{{eq .State.Status \"running\"}}",
	// printf.
	"{{printf \"%s %d %v %q\" .ID .Size .Names .ID}}", "{{printf \"%d\" \"a\"}}", "{{printf \"%s\" 1}}", "{{printf \"%d %d\" 1}}", "{{printf \"%d\" 1 2}}", "{{printf \"%%\"}}", "{{printf \"%\"}}", "{{printf \"%z\" 1}}", "{{printf \"%5d|%-5d|%05d|%+d|% d\" 1 2 3 4 5}}",
	"{{printf \"%5s|%-5s|%.2s|%5.1s\" \"ab\" \"ab\" \"abc\" \"xyz\"}}", "{{printf \"%x %X %o %b %#x %c %q\" 255 255 8 5 255 65 65}}", "{{printf \"%x %X % x\" \"hi\" \"hi\" \"hi\"}}", "{{printf \"%t\" true}} {{printf \"%t\" 1}}", "{{printf \"%v %v %v %v\" true 1 1.5 nil}}",
	"{{printf \"%s %q\" .Names .Names}}", "{{printf \"%d\" (index .Matrix 0)}}", "{{printf \"%v\" .Labels}}", "{{printf \"%f %.2f %6.1f|%g\" .Ratio .Ratio .Ratio .Ratio}}", "{{printf \"%q\" .Odd}}", "{{printf}}", "{{printf 1}}", "{{.Size | printf \"%d-%s\" 1}}", "{{printf \"%s\" nil}}", "{{printf \"%s\" true}}",
	"{{printf \"%08.3f|%-8d|%+.1f\" 3.14159 5 2.25}}", "{{printf \"%6.2f%%\" 12.5}}", "{{printf \"%.0f %.0f %.1f\" 0.5 1.5 0.25}}", "{{printf \"%v\" .State}}", "{{printf \"%03d|%3d|%-3d|\" -5 -5 -5}}", "{{printf \"%d%s\" 1 \"x\" .Ratio}}", "{{printf \"%#q\" \"a\"}}",
}

// Templates of random pieces: many mean something, the rest are mistakes of every kind.
func random(r *rand.Rand) string {
	words := []string{".", ".ID", ".Names", ".Labels", ".Labels.a", ".Size", ".On", ".Off", ".State", ".State.Status", ".Layers", ".Ratio", "1", "0", "2", "\"a\"", "\"\"", "true", "nil", "$", "$x", "$.Size", "(len .Names)", "(index .Names 0)", "(eq .Size 1)"}
	calls := []string{"len", "index", "eq", "ne", "lt", "and", "or", "not", "print", "println", "json", "upper", "join", "split", "printf \"%v|%s\"", "printf \"%d\""}
	word := func() string { return words[r.Intn(len(words))] }
	var pipeline func() string
	pipeline = func() string {
		text := word()
		if r.Intn(2) == 0 {
			text = calls[r.Intn(len(calls))]
			for i := r.Intn(3); i >= 0; i-- {
				text += " " + word()
			}
		}
		for r.Intn(4) == 0 {
			text += " | " + calls[r.Intn(len(calls))]
			if r.Intn(3) == 0 {
				text += " " + word()
			}
		}
		return text
	}
	var nodes func(depth int) string
	nodes = func(depth int) string {
		text := ""
		for i := r.Intn(3); i >= 0; i-- {
			left, right := "{{", "}}"
			if r.Intn(4) == 0 {
				left = " {{- "
			}
			if r.Intn(4) == 0 {
				right = " -}} "
			}
			switch kind := r.Intn(8); {
			case depth > 2 || kind < 3:
				text += left + pipeline() + right
			case kind == 3:
				text += left + "if " + pipeline() + right + nodes(depth+1) + "{{else}}" + nodes(depth+1) + "{{end}}"
			case kind == 4:
				text += left + "range " + pipeline() + right + nodes(depth+1) + "{{end}}"
			case kind == 5:
				text += left + "range $x, $y := " + pipeline() + right + nodes(depth+1) + "{{else}}e{{end}}"
			case kind == 6:
				text += left + "with " + pipeline() + right + nodes(depth+1) + "{{end}}"
			default:
				text += "{{$x := " + pipeline() + right
			}
			text += " t"
		}
		return text
	}
	return "{{$x := 7}}" + nodes(0)
}

func main() {
	r := rand.New(rand.NewSource(1))
	for i := 0; i < 600; i++ {
		templates = append(templates, random(r))
	}
	type entry struct {
		Template string  `json:"template"`
		Output   *string `json:"output,omitempty"`
	}
	lines := []string{}
	for _, text := range templates {
		one := entry{Template: text}
		out := &bytes.Buffer{}
		parsed, err := template.New("").Funcs(functions).Parse(text)
		if err == nil {
			err = parsed.Execute(out, value)
		}
		if strings.Contains(out.String(), "main.state") {
			// The names of our own types show.
			continue
		}
		if err == nil {
			output := out.String()
			one.Output = &output
		} else if len(os.Args) > 1 {
			fmt.Fprintln(os.Stderr, text, "=>", err)
		}
		line, _ := json.Marshal(one)
		lines = append(lines, string(line))
	}
	fmt.Println("[\n" + strings.Join(lines, ",\n") + "\n]")
}
