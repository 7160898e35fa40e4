public import OCI

extension Execution {
    /// Sets a variable, in the place of one that has the name.
    public mutating func setEnvironment(_ name: String, _ value: String) {
        let prefix = Array("\(name)=".utf8)
        let entry = "\(name)=\(value)"
        if let index = environment.firstIndex(where: { $0.utf8.starts(with: prefix) }) {
            environment[index] = entry
        } else {
            environment.append(entry)
        }
    }

    /// The variables by name, as an expansion sees them.
    public var variables: [[UInt8]: [UInt8]] {
        var variables: [[UInt8]: [UInt8]] = [:]
        for entry in environment {
            let bytes = Array(entry.utf8)
            let end = bytes.firstIndex(of: UInt8(ascii: "=")) ?? bytes.endIndex
            variables[Array(bytes[..<end])] = Array(bytes[end...].dropFirst())
        }
        return variables
    }
}
