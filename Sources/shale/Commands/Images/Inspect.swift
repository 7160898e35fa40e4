public import ArgumentParser
import GoTemplate
public import Inspection
import OCI

/// `shale inspect`: everything about images and containers.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show everything about images and containers.",
        discussion: """
            As JSON with docker's fields, or what a Go template makes of it:

              shale inspect -f '{{.Config.Env}}' busybox
              shale inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' busybox
              shale inspect -f '{{json .Config.Labels}}' busybox
              shale inspect -f '{{index .RepoDigests 0}}' busybox
              shale inspect -f '{{with .Config.User}}{{.}}{{else}}root{{end}}' busybox

            Templates know fields, variables, pipelines, if, with, range, and, or, not, eq, ne, lt, le, gt, ge, len, index, slice, \
            print, println, printf, json, join, split, lower, upper, title, pad and truncate.
            """)

    @OptionGroup var location: StoreOptions

    @Option(name: .shortAndLong, help: "json, or a Go template.")
    var format: String?

    @Option(help: "container or image: nothing else is looked for.")
    var type: Inspector.Kind?

    @Argument(help: "Names, or beginnings of ids.")
    var names: [String]

    func run() throws {
        let template = try format.flatMap { $0 == "json" ? nil : try Formats.template($0) }
        let inspector = Inspector(try location.store())
        var documents: [Value] = []
        var failures: [String] = []
        for name in names {
            do throws(StoreError) { documents.append(try inspector.document(of: name, type)) } catch {
                failures.append(error.description)
            }
        }
        if let template {
            for document in documents {
                do throws(TemplateError) { print(try template.render(document)) } catch {
                    throw Failure.used(error.description)
                }
            }
        } else if format != nil {
            for document in documents { print(document.json()) }
        } else {
            print(Value.list(.init(documents)).json(indent: "    "))
        }
        for failure in failures { say(failure) }
        if !failures.isEmpty { throw ExitCode(125) }
    }
}

extension Inspector.Kind: ExpressibleByArgument {}

/// What `--format` says, wherever it is a template.
enum Formats {
    static func list(_ text: String) throws -> ListFormat {
        do throws(TemplateError) { return try ListFormat(text) } catch { throw Failure.used(error.description) }
    }

    static func template(_ text: String) throws -> Template {
        do throws(TemplateError) { return try Template(text) } catch { throw Failure.used(error.description) }
    }
}
