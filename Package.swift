// swift-tools-version: 6.3

import PackageDescription

let package = Package(
    name: "parley",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        shared("Contracts", [.crypto]),
        shared("JSON", [.nio]),
        shared("ContractsJSON", ["Contracts", "JSON", .nio, .nioFoundation]),
        .systemLibrary(name: "CZlib", path: "Shared/CZlib", providers: [.apt(["zlib1g-dev"])]),
        shared("HTTP", ["CZlib", .hummingbirdCore, .logging] + .channels),
        shared(
            "Bus",
            ["Contracts", "ContractsJSON", "HTTP", "JSON", .httpTypes, .lifecycle, .logging, .metrics] + .channels
        ),
        shared(
            "ServiceKit",
            [
                "Bus", "Contracts", "HTTP", .configuration, .coreMetrics, .httpTypes, .hummingbird, .hummingbirdCore,
                .lifecycle, .logging, .nio, .nioHTTP1, .nioHTTPTypesHTTP1, .nioPosix, .signals,
            ]
        ),
    ]
        + service("Gateway", executable: "gateway", [.httpTypes, .jwt, .lifecycle, .metrics] + .channels)
        + service(
            "Conversation",
            executable: "conversation-svc",
            [.crypto, .grdb, .lifecycle, .metrics, .nio, .nioHTTP1]
        )
        + service(
            "Inference",
            executable: "inference-svc",
            [.crypto, .lifecycle, .metrics, .nio, .nioFoundation, .nioHTTP1, .nioPosix, .nioSSL]
        )
        + service("Media", executable: "media-svc")
        + service("Transcription", executable: "transcription-svc")
        + [
            .target(
                name: "ParleyTool",
                dependencies: [
                    "Bus", "Contracts", "HTTP", "ServiceKit", "ConversationService", "GatewayService",
                    "InferenceService", "MediaService", "TranscriptionService", .argumentParser, .grdb, .nio,
                ],
                path: "Tools/Parley",
                exclude: ["Main"],
                swiftSettings: .strict
            ),
            .executableTarget(
                name: "parley",
                dependencies: ["ParleyTool"],
                path: "Tools/Parley/Main",
                swiftSettings: .strict
            ),
            .executableTarget(
                name: "bus-benchmark",
                dependencies: [
                    "Bus", "Contracts", "HTTP", "ServiceKit", .lifecycle, .logging, .nio, .nioPosix, .signals,
                ],
                path: "Benchmarks/Bus",
                swiftSettings: .strict
            ),
            .target(
                name: "TestSupport",
                dependencies: [
                    "Bus", "CZlib", "Contracts", "HTTP", "JSON", "ServiceKit", .hummingbird, .lifecycle, .logging,
                ]
                    + .channels,
                path: "Tests/Support",
                swiftSettings: .strict
            ),
            .executableTarget(
                name: "fake-providers",
                dependencies: ["TestSupport"],
                path: "Tests/Clients/FakeProviders",
                swiftSettings: .strict
            ),
            tests("Contracts"),
            tests("GatewayService", ["GatewayService", .httpTypes, .metrics] + .channels),
            tests("InferenceService", ["InferenceService", .nio]),
            tests("JSON", [.nio]),
            tests("ContractsJSON", ["ContractsJSON"] + .channels),
            tests("HTTP", [.hummingbird, .logging] + .channels),
            tests("Bus", [.hummingbird, .logging] + .channels),
            tests("ServiceKit", [.coreMetrics, .lifecycle, .logging, .nio]),
            tests("ConversationService", ["ConversationService", "InferenceService", .grdb, .lifecycle] + .channels),
            tests("ParleyTool", ["ConversationService", "ParleyTool", .argumentParser, .grdb]),
            tests(
                "House",
                [
                    "ConversationService", "GatewayService", "InferenceService", "MediaService", "TranscriptionService",
                    .nio, .nioFoundation, .nioHTTP1,
                ]
            ),
        ]
)

/// A library under `Shared`.
func shared(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Shared/\(name)", swiftSettings: .strict)
}

/// A service: a library that is the service and an executable that starts it.
func service(_ name: String, executable: String, _ dependencies: [Target.Dependency] = []) -> [Target] {
    let library = "\(name)Service"
    return [
        .target(
            name: library,
            dependencies: [
                "Bus", "Contracts", "ContractsJSON", "HTTP", "JSON", "ServiceKit",
                .configuration, .hummingbird, .logging,
            ] + dependencies,
            path: "Services/\(name)",
            exclude: ["Main"],
            swiftSettings: .strict
        ),
        .executableTarget(
            name: executable,
            dependencies: [.byName(name: library), "ServiceKit"],
            path: "Services/\(name)/Main",
            swiftSettings: .strict
        ),
    ]
}

/// The tests of one library.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: ["TestSupport", "Bus", "Contracts", "HTTP", "JSON", "ServiceKit"] + dependencies,
        path: "Tests/\(name)Tests",
        swiftSettings: .strict
    )
}

extension [SwiftSetting] {
    static var strict: Self {
        [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InferIsolatedConformances"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
    }
}

extension [Target.Dependency] {
    /// What code that speaks HTTP straight on NIO's channels needs.
    static var channels: Self {
        [.nio, .nioPosix, .nioHTTP1, .nioFoundation, .nioSSL, .nioTLS]
    }
}

extension Target.Dependency {
    static var coreMetrics: Self { .product(name: "CoreMetrics", package: "swift-metrics") }
    static var argumentParser: Self { .product(name: "ArgumentParser", package: "swift-argument-parser") }
    static var configuration: Self { .product(name: "Configuration", package: "swift-configuration") }
    static var crypto: Self { .product(name: "Crypto", package: "swift-crypto") }
    static var grdb: Self { .product(name: "GRDB", package: "GRDB.swift") }
    static var httpTypes: Self { .product(name: "HTTPTypes", package: "swift-http-types") }
    static var hummingbird: Self { .product(name: "Hummingbird", package: "hummingbird") }
    static var hummingbirdCore: Self { .product(name: "HummingbirdCore", package: "hummingbird") }
    static var jwt: Self { .product(name: "JWTKit", package: "jwt-kit") }
    static var lifecycle: Self { .product(name: "ServiceLifecycle", package: "swift-service-lifecycle") }
    static var logging: Self { .product(name: "Logging", package: "swift-log") }
    static var metrics: Self { .product(name: "Metrics", package: "swift-metrics") }
    static var nio: Self { .product(name: "NIOCore", package: "swift-nio") }
    static var nioFoundation: Self { .product(name: "NIOFoundationCompat", package: "swift-nio") }
    static var nioHTTP1: Self { .product(name: "NIOHTTP1", package: "swift-nio") }
    static var nioHTTPTypesHTTP1: Self { .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras") }
    static var nioPosix: Self { .product(name: "NIOPosix", package: "swift-nio") }
    static var nioTLS: Self { .product(name: "NIOTLS", package: "swift-nio") }
    static var nioSSL: Self { .product(name: "NIOSSL", package: "swift-nio-ssl") }
    static var signals: Self { .product(name: "UnixSignals", package: "swift-service-lifecycle") }
}
