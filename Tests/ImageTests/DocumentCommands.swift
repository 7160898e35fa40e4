import Foundation
import Linux
import OCI
import Testing

@Suite("inspect and info have docker's fields") struct DocumentCommands {
    private let workshop: Workshop
    private let image: Store.Image

    init() throws {
        workshop = try Workshop()
        image = try workshop.image("team/app:1", layers: ["echo 1 >f", "echo 2 >g"]) { config in
            config.author = "JayL"
            config.execution.environment = ["PATH=/bin", "A=b c"]
            config.execution.command = ["sh", "-c", "x \"y\""]
            config.execution.exposedPorts = ["80/tcp"]
            config.execution.labels = ["a": "1", "b": "<&>"]
            config.execution.workingDirectory = "/srv"
            config.execution.healthcheck = .init(test: ["CMD", "true"], interval: 5_000_000_000)
            config.history[1].comment = "add newfile"
        }
    }

    @Test("The document is JSON with docker's names, in docker's order")
    func document() throws {
        let text = try workshop.shell("shale inspect team/app:1")
        #expect(
            text.hasPrefix(
                "[\n    {\n        \"Id\": \"\(image.id)\",\n        \"RepoTags\": [\n            \"team/app:1\"\n"))
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        let document = try #require(parsed?.first)
        for key in [
            "Id", "RepoTags", "RepoDigests", "Parent", "Comment", "Created", "Author", "Config", "Architecture", "Os",
            "Size",
            "GraphDriver", "RootFS", "Metadata",
        ] { #expect(document[key] != nil, "\(key)") }
        let config = try #require(document["Config"] as? [String: Any])
        #expect(config["Entrypoint"] is NSNull && config["Volumes"] is NSNull && config["Shell"] == nil)
        #expect((config["Healthcheck"] as? [String: Any])?["Interval"] as? Int == 5_000_000_000)
        // jq and others read it as it is.
        #expect(
            try workshop.shell(
                "shale inspect team/app:1 team/app:1 | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))'")
                == "2\n")
    }

    @Test(
        "Templates of everyday use",
        arguments: [
            ("{{.Comment}} by {{.Author}}", "add newfile by JayL"), ("{{.Config.Env}}", "[PATH=/bin A=b c]"),
            ("{{range .Config.Env}}{{println .}}{{end}}", "PATH=/bin\nA=b c\n"),
            ("{{json .Config.Cmd}}", #"["sh","-c","x \"y\""]"#),
            ("{{.Config.Cmd}}|{{.Config.Entrypoint}}", #"[sh -c x "y"]|[]"#), ("{{json .Config.Entrypoint}}", "null"),
            ("{{.Config.Labels}} {{index .Config.Labels \"a\"}} {{.Config.Labels.c}}", "map[a:1 b:<&>] 1 <no value>"),
            ("{{json .Config.Labels}}", #"{"a":"1","b":"<&>"}"#), ("{{.Config.ExposedPorts}}", "map[80/tcp:{}]"),
            ("{{range $p, $_ := .Config.ExposedPorts}}{{$p}}{{end}}", "80/tcp"), ("{{len .RootFS.Layers}}", "2"),
            ("{{join .Config.Env \",\"}}", "PATH=/bin,A=b c"), ("{{.Config.User}}|{{.Config.WorkingDir}}", "|/srv"),
            ("{{if .Config.User}}{{.Config.User}}{{else}}root{{end}}", "root"),
            ("{{.Os}}/{{upper .Architecture}}", "linux/AMD64"),
            ("{{(index .RepoTags 0) | printf \"%q\"}}", "\"team/app:1\""), ("{{.Created}}", "2020-01-02T03:04:05Z"),
            ("{{with .Config.Healthcheck}}{{.Test}} {{.Interval}}{{end}}", "[CMD true] 5000000000"),
            ("{{.RootFS.Type}}", "layers"),
        ])
    func templates(_ template: String, _ wanted: String) throws {
        #expect(try workshop.shell("shale inspect -f '\(template)' team/app:1") == wanted + "\n")
    }

    @Test("Digests stand for the image, and directories are real")
    func references() throws {
        let digest = try workshop.shell("shale inspect -f '{{index .RepoDigests 0}}' team/app:1").dropLast()
        #expect(digest == "team/app@\(image.descriptor.digest)")
        #expect(try workshop.shell("shale inspect -f '{{.Id}}' \(digest)") == "\(image.id)\n")
        #expect(try workshop.shell("shale inspect -f '{{.GraphDriver.Data}}' team/app:1") == "map[]\n")
        let lease = try workshop.store.lease()
        _ = try workshop.store.unpacked(image, lease)
        #expect(
            try workshop.shell(
                "cat $(shale inspect -f '{{.GraphDriver.Data.UpperDir}}/g {{.GraphDriver.Data.LowerDir}}/f' team/app:1)"
            ) == "2\n1\n")
    }

    @Test("What is not there: the rest is shown, and the status says so; mistakes in templates are one line")
    func missing() throws {
        let result = try workshop.run("shale inspect -f '{{.Os}}' nothing team/app:1")
        #expect(result.status == 125 && result.output == "linux\n")
        #expect(result.errors == "shale: find image nothing: there is none\n")
        for (template, message) in [
            ("{{.Nothing}}", "run template at .Nothing: there is no field \"Nothing\""),
            ("{{.Os", "parse template: unclosed action"),
            ("{{index .RepoTags 5}}", "run template at index: index out of range: 5"),
        ] {
            let result = try workshop.run("shale inspect -f '\(template)' team/app:1")
            #expect(result.status == 2 && result.errors == "shale: \(message)\n")
        }
    }

    @Test("Containers are found by name or the beginning of an id, before images")
    func containers() throws {
        try workshop.container("c0ffee0123456789", of: image)
        let template =
            "{{.Id}} {{.Image}} {{.State.Status}} {{.State.ExitCode}} {{.Path}} {{.Args}} {{.Config.Hostname}} {{.Config.Env}}"
        for name in ["c0ff", "old_c0ffee0123456789"] {
            #expect(
                try workshop.shell("shale inspect -f '\(template)' \(name)")
                    == "c0ffee0123456789 \(image.id) exited 3 sh [-c true] host [PATH=/bin A=b c]\n")
        }
        #expect(
            try workshop.shell("shale inspect -f '{{.GraphDriver.Data.UpperDir}}' c0ff")
                == "\(workshop.path)/store/containers/c0ffee0123456789/upper\n")
        #expect(try workshop.run("shale inspect --type image c0ff").status == 125)
        let wrong = try workshop.run("shale inspect --type container team/app:1")
        #expect(wrong.errors == "shale: find container team/app:1: there is none\n")
        try workshop.container("c0ffee99", of: image)
        let several = try workshop.run("shale inspect c0ffee")
        #expect(several.errors.hasPrefix("shale: find container c0ffee: 2 begin so: "))
        #expect(several.status == 125)
    }

    @Test("info counts what there is")
    func info() throws {
        let lease = try workshop.store.lease()
        _ = try workshop.store.unpacked(image, lease)
        #expect(
            try workshop.shell(
                "shale info -f '{{.Images}} {{.Names}} {{.Containers}} {{.Blobs.Count}} {{.Layers.Count}} {{.DockerRootDir}}'"
            )
                == "1 1 0 4 2 \(workshop.path)/store\n")
        let text = try workshop.shell("shale info")
        #expect(text.contains("Store:      \(workshop.path)/store\n") && text.contains("Layers:     2 unpacked, "))
        #expect(text.contains("Rung "))
    }
}
