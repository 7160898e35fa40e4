internal import CLinux
public import Linux

/// What programs need that give up being root, where there is nobody else to become.
public enum SingleID {
    /// apt(8) becomes `_apt` to fetch; here it is told to stay.
    public static func mounts(root: FD, in directory: [UInt8]) throws(ContainerError) -> [SandboxSpec.Mount] {
        let place = "/etc/apt/apt.conf.d"
        guard UserNamespace.ids == 1, let found = try? root.open(place, [.path, .directory], resolve: .inRoot)
        else { return [] }
        _ = consume found
        let file = directory + Array("/apt.conf".utf8)
        try ContainerError.naming("write apt.conf") { () throws(Errno) in
            let opened = try FD.workingDirectory.open(file.cPath, [.writeOnly, .create, .truncate], mode: 0o644)
            try opened.fd.writeAll(Array("APT::Sandbox::User \"root\";\n".utf8))
        }
        return [SandboxSpec.Mount(.bind(file), at: Array("\(place)/zz-shale".utf8), isReadOnly: true)]
    }
}
