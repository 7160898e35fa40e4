import ArgumentParser
import GoTemplate
import Glibc
import Inspection
import OCI

/// `shale info`: the store, the machine, and mounts of ours.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what the store holds, what this machine allows, and mounts of ours with their stacks.")

    @OptionGroup var location: StoreOptions

    @Option(name: .shortAndLong, help: "json, or a Go template.")
    var format: String?

    func run() throws {
        let template = try format.flatMap { $0 == "json" ? nil : try Formats.template($0) }
        let store = try location.store()
        let information: StoreInformation
        do throws(StoreError) { information = try StoreInformation(store) } catch {
            throw Failure.failed(error.description)
        }
        let document = information.document(machine)
        do throws(TemplateError) {
            if let template {
                print(try template.render(document))
            } else if format != nil {
                print(document.json())
            } else {
                print(try Template(Self.text).render(document), terminator: "")
            }
        } catch {
            throw Failure.used(error.description)
        }
    }

    private var machine: [Value.Field] {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let rung = Examination().rung
        return [
            .init("ServerVersion", .string(Shale.configuration.version)), .init("KernelVersion", .string(release)),
            .init("OSType", .string(Platform.host.os)), .init("Architecture", .string(Platform.host.architecture)),
            .init("NCPU", .integer(Int64(sysconf(Int32(_SC_NPROCESSORS_ONLN))))), .init("Rung", .integer(Int64(rung))),
            .init("RungMeaning", .string(Finding.rungs[rung - 1])),
        ]
    }

    private static let text = """
        Version:    {{.ServerVersion}}
        Kernel:     {{.KernelVersion}}, {{.OSType}}/{{.Architecture}}, {{.NCPU}} processors
        Rung {{.Rung}}:     {{.RungMeaning}}
        Store:      {{.DockerRootDir}}
        Images:     {{.Images}}, {{.Names}} names
        Containers: {{.Containers}}
        Blobs:      {{.Blobs.Count}}, {{.Blobs.Size}} bytes
        Layers:     {{.Layers.Count}} unpacked, {{.Layers.Size}} bytes
        Cache:      {{.BuildCache.Count}} build steps, {{.BuildCache.Size}} bytes
        Mounts:     {{len .Mounts}}
        {{range .Mounts}}  {{.MountPoint}}
        {{range .LowerDir}}    lower {{.}}
        {{end}}{{with .UpperDir}}    upper {{.}}
        {{end}}{{with .WorkDir}}    work  {{.}}
        {{end}}{{end}}
        """
}
