/// What the checks know besides the file.
public struct CheckContext: Sendable {
    public var buildArguments: [[UInt8]: [UInt8]] = [:]
    public var build: BuildPlatform
    public var target: BuildPlatform
    public var targetStage: String?
    /// The stages that the build needs; nil for all, as when only checks are asked for.
    public var stages: Set<Int>?
    /// The ignore file of the build context; nil when there is none.
    public var ignoreFile: IgnoreFile?
    /// Images that stages are built on, by the number of the stage, as far as they are known. Without a stage's image
    /// its undefined variables are not reported: the image may define them.
    public var baseImages: [Int: BaseImage] = [:]

    public struct BaseImage: Sendable {
        public var environment: [[UInt8]: [UInt8]]
        /// Whether the image's configuration names a shell.
        public var hasShell: Bool
        public var platform: BuildPlatform

        public init(environment: [[UInt8]: [UInt8]], hasShell: Bool, platform: BuildPlatform) {
            self.environment = environment
            self.hasShell = hasShell
            self.platform = platform
        }
    }

    public init(build: BuildPlatform, target: BuildPlatform) {
        self.build = build
        self.target = target
    }
}
