// swift-tools-version: 6.2
import PackageDescription

// No unsafe flags: a package that has them cannot be a dependency, and ShaleTesting is made to be one.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "shale",
    products: [
        .executable(name: "shale", targets: ["shale"]),
        .executable(name: "shalefs", targets: ["shalefs"]),
        .library(name: "ShaleTesting", targets: ["ShaleTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CLinux"),
        .target(name: "CFuse"),
        // These two load their library when it is first needed.
        .target(name: "CCurl"),
        .target(name: "CArchive"),
        .target(name: "Linux", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "Union", dependencies: ["Linux", "CLinux"], swiftSettings: strict),
        .target(name: "UnionFuse", dependencies: ["Union", "Linux", "CLinux", "CFuse"], swiftSettings: strict),
        .executableTarget(
            name: "shalefs", dependencies: ["UnionFuse", "Union", "Linux", "CLinux"], swiftSettings: strict),
        .target(name: "CCrypto", linkerSettings: [.linkedLibrary(":libcrypto.a")]),
        .target(
            name: "CCompression",
            linkerSettings: [.linkedLibrary("isal"), .linkedLibrary("z"), .linkedLibrary("zstd")]),
        .target(
            name: "OCI",
            dependencies: [
                "Linux", "CLinux", "CCrypto", "CCompression", "CArchive", "CCurl",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .target(
            name: "Analysis",
            dependencies: [
                "OCI", "Changes", "Dockerfile", "Union", "Linux", "CLinux", "CCompression",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Yams", package: "Yams"),
            ], swiftSettings: strict),
        .testTarget(
            name: "AuditTests", dependencies: ["Analysis", "Dockerfile", "OCI", "Linux", "CLinux", "shale"],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "AnalysisTests", dependencies: ["Analysis", "OCI", "Changes", "Linux", "CLinux", "shale"],
            swiftSettings: strict),
        .target(name: "Dockerfile", swiftSettings: strict),
        .testTarget(name: "DockerfileTests", dependencies: ["Dockerfile"], swiftSettings: strict),
        // An image's configuration changed by the instructions of a Dockerfile: for build, commit and import.
        .target(name: "Configuring", dependencies: ["Dockerfile", "OCI"], swiftSettings: strict),
        .testTarget(
            name: "ConfiguringTests", dependencies: ["Configuring", "Dockerfile", "OCI"], swiftSettings: strict),
        .target(
            name: "Containers", dependencies: ["Configuring", "OCI", "Union", "Linux", "CLinux"], swiftSettings: strict),
        .target(
            name: "Build",
            dependencies: [
                "Containers", "Configuring", "Dockerfile", "OCI", "Union", "Linux", "CLinux",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .testTarget(
            name: "BuildTests",
            dependencies: [
                "Build", "Dockerfile", "OCI", "Linux", "CLinux", .product(name: "GRDB", package: "GRDB.swift"),
            ], swiftSettings: strict),
        // The build cache between stores: the command line on a real image, directories and a real registry.
        .testTarget(
            name: "BuildCacheTests", dependencies: ["OCI", "Linux", "CLinux", "shale", "shalefs"],
            swiftSettings: strict),
        .target(name: "GoTemplate", swiftSettings: strict),
        // What commands say of images and containers: lists, and documents with docker's fields.
        .target(name: "Inspection", dependencies: ["Containers", "GoTemplate", "OCI", "Linux"], swiftSettings: strict),
        .testTarget(
            name: "GoTemplateTests", dependencies: ["GoTemplate"], exclude: ["Fixtures"], swiftSettings: strict),
        .target(name: "Changes", dependencies: ["Linux", "CLinux"], swiftSettings: strict),
        .executableTarget(
            name: "shale",
            dependencies: [
                "UnionFuse", "Union", "Changes", "Analysis", "Build", "Containers", "Configuring", "Dockerfile",
                "GoTemplate",
                "Inspection", "OCI", "Linux", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .target(
            name: "ShaleTesting", dependencies: ["UnionFuse", "Union", "Changes", "Linux", "CLinux"],
            swiftSettings: strict),
        .testTarget(
            name: "UnionTests", dependencies: ["Union", "ShaleTesting", "Changes", "Linux", "CLinux"],
            swiftSettings: strict),
        .testTarget(name: "UnionFuseTests", dependencies: ["UnionFuse", "Union"], swiftSettings: strict),
        .testTarget(
            name: "MountTests", dependencies: ["ShaleTesting", "Changes", "Linux", "CLinux", "shalefs"],
            swiftSettings: strict),
        .testTarget(
            name: "OCITests", dependencies: ["OCI", "Linux", "CLinux", "shale"],
            exclude: ["Fixtures", "Support/badregistry.py"], swiftSettings: strict),
        // Images as their user has them: the commands, and what they stand on.
        .testTarget(
            name: "ImageTests", dependencies: ["Containers", "OCI", "Linux", "CLinux", "shale"], swiftSettings: strict),
        // SEMANTICS.md rule by rule, on mounts alone. Knows nothing of how they are made.
        .testTarget(
            name: "ConformanceTests", dependencies: ["ShaleTesting", "Linux", "CLinux", "shalefs", "shale"],
            swiftSettings: strict),
        // The oracle: the same operations on kernel overlayfs and on ours. Knows nothing of the code above.
        .target(name: "CDifferential"),
        .executableTarget(name: "differential", dependencies: ["CDifferential"], swiftSettings: strict),
    ]
)
