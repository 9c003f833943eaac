// swift-tools-version:6.2
import PackageDescription

/// A slice is the part of the package that a change needs to build: `MINTMARK_SLICE=core swift test` resolves and
/// compiles the pure targets alone, in seconds instead of minutes. Without it the whole package is built.
enum Slice: String {
    /// Pure code: JOSE, TokenCore, TokenSealing.
    case core
    /// The core, the engine and the embedded store.
    case store
    /// The Valkey client, which needs nothing of ours.
    case valkey
    /// The core, the engine and both stores.
    case shared
    /// The core and the client of upstream tokens, without HTTP.
    case client
    /// The client of upstream tokens with HTTP.
    case transport
    /// What runs under the thread sanitizer: the core, the engine, the embedded store and the client.
    case races
    /// The client of upstream tokens with both stores, to share tokens in, and the proofs of that.
    case vault
    /// What the fuzz targets read: the core and the Valkey client.
    case fuzz
    /// Everything.
    case all

    /// Whether a part belongs to this slice.
    func includes(_ part: Slice) -> Bool { parts.contains(part) }

    private var parts: [Slice] {
        switch self {
        case .core: [.core]
        case .store: [.core, .store]
        case .valkey: [.valkey]
        case .fuzz: [.core, .valkey]
        case .client: [.core, .client]
        case .races: [.core, .store, .client]
        case .transport: [.core, .client, .transport]
        case .shared: [.core, .store, .valkey, .shared]
        case .vault: [.core, .store, .valkey, .shared, .client, .vault]
        case .all: [.core, .store, .valkey, .shared, .client, .transport, .vault, .all]
        }
    }
}
let slice = Slice(rawValue: Context.environment["MINTMARK_SLICE"] ?? "all") ?? .all

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

var dependencies: [Package.Dependency] = []
var products: [Product] = []
var targets: [Target] = []

if slice.includes(.core) {
    dependencies += [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")]
    products += [
        .library(name: "JOSE", targets: ["JOSE"]),
        .library(name: "TokenCore", targets: ["TokenCore"]),
        .library(name: "TokenSealing", targets: ["TokenSealing"]),
        .library(name: "TokenValidation", targets: ["TokenValidation"]),
    ]
    targets += [
        room("JOSE", [crypto, cryptoExtras]),
        room("TokenCore"),
        room("TokenSealing", ["TokenCore", crypto]),
        room("TokenValidation", ["TokenCore", "JOSE"]),
        tests("JOSETests", ["JOSE", crypto, cryptoExtras], resources: [.copy("Vectors"), .copy("FailCases")]),
        tests("TokenCoreTests", ["TokenCore", "TestSupport"]),
        tests("TokenSealingTests", ["TokenSealing", "TokenCore", crypto], resources: [.copy("Vectors"), .copy("FailCases")]),
        tests("TokenValidationTests", ["TokenValidation", "TokenCore", "JOSE", crypto]),
        tests("TidyTests", []),
    ]
}

if slice.includes(.core) || slice.includes(.valkey) {
    targets += [.target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings)]
}

if slice.includes(.store) || slice.includes(.valkey) || slice.includes(.client) {
    dependencies += [.package(url: "https://github.com/apple/swift-log", from: "1.16.2")]
}

if slice.includes(.store) || slice.includes(.client) {
    dependencies += [.package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0")]
}

if slice.includes(.client) {
    dependencies += [
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    ]
    let observed: [Target.Dependency] = [
        logging, lifecycle, .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
    ]
    let processes: [Target.Dependency] = [
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system", condition: .when(platforms: [.linux])),
    ]
    products += [.library(name: "TokenClient", targets: ["TokenClient"])]
    targets += [
        room("TokenClient", ["TokenCore", "TokenSealing", "JOSE"] + observed + processes),
        tests(
            "TokenClientTests",
            ["TokenClient", "TokenCore", "TokenSealing", "JOSE", "TestSupport"] + observed + [
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ]),
    ]
}

if slice.includes(.store) {
    dependencies += [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0")
    ]
    products += [
        .library(name: "TokenEngine", targets: ["TokenEngine"]),
        .library(name: "SQLiteStore", targets: ["SQLiteStore"]),
        .library(name: "StoreConformance", targets: ["StoreConformance"]),
    ]
    targets += [
        room("TokenEngine", ["TokenCore", "TokenSealing", "JOSE", logging, lifecycle]),
        room(
            "SQLiteStore",
            [
                "TokenCore",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        room("StoreConformance", ["TokenCore"]),
        tests(
            "TokenEngineTests",
            ["TokenEngine", "TokenCore", "TokenSealing", "JOSE", "StoreConformance", "SQLiteStore", "TestSupport", logging]),
        .target(
            name: "PowerCut", dependencies: [.product(name: "GRDBSQLite", package: "GRDB.swift")], path: "Tests/PowerCut"),
        tests(
            "SQLiteStoreTests",
            ["SQLiteStore", "TokenEngine", "TokenCore", "TokenSealing", "JOSE", "StoreConformance", "PowerCut", "TestSupport", logging],
            resources: [.copy("Fixtures")]),
    ]
}

let nio = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { Target.Dependency.product(name: $0, package: "swift-nio") }
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

if slice.includes(.valkey) || slice.includes(.transport) {
    dependencies += [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ]
}

if slice.includes(.transport) {
    dependencies += [.package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0")]
    products += [.library(name: "TokenTransport", targets: ["TokenTransport"])]
    targets += [
        room("TokenTransport", ["TokenClient", "TokenCore", "JOSE", asyncHTTPClient, nioSSL] + nio),
        .target(name: "LoopbackServer", dependencies: nio + [nioSSL], path: "Tests/LoopbackServer", swiftSettings: settings),
        tests(
            "TokenTransportTests",
            ["TokenTransport", "TokenClient", "TokenCore", "JOSE", "LoopbackServer", "TestSupport", asyncHTTPClient, nioSSL] + nio),
    ]
}

if slice.includes(.valkey) {
    products += [.library(name: "Valkey", targets: ["Valkey"])]
    let sockets: [Target.Dependency] = [
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"), nioSSL, logging,
    ]
    targets += [
        room("Valkey", sockets),
        .target(name: "ValkeyServer", dependencies: ["TestSupport"], path: "Tests/ValkeyServer", swiftSettings: settings),
        tests("ValkeyTests", ["Valkey", "ValkeyServer"] + sockets, resources: [.copy("FailCases")]),
    ]
}

if slice.includes(.shared) {
    products += [.library(name: "ValkeyStore", targets: ["ValkeyStore"])]
    targets += [
        room("ValkeyStore", ["TokenCore", "Valkey", .product(name: "NIOCore", package: "swift-nio")]),
        tests(
            "ValkeyStoreTests",
            [
                "ValkeyStore", "Valkey", "ValkeyServer", "TokenEngine", "TokenCore", "TokenSealing", "JOSE", "StoreConformance", "TestSupport",
                logging,
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
    ]
}

if slice.includes(.vault) {
    let stores: [Target.Dependency] = ["TokenClient", "TokenCore", "TokenSealing", "SQLiteStore", "Valkey", "ValkeyStore", logging]
    targets += [
        .executableTarget(name: "upstream-worker", dependencies: stores, path: "Tests/UpstreamWorker", swiftSettings: settings),
        tests("TokenVaultTests", stores + ["TokenEngine", "ValkeyServer", "TestSupport"]),
    ]
}

if slice == .vault {
    // The proofs of what processes share, without the server.
    targets += [
        .testTarget(
            name: "ProofTests", dependencies: ["upstream-worker", "TokenCore", "TokenSealing", "TestSupport", "ValkeyServer"],
            sources: [
                "Proofs.swift", "Server/Binary.swift", "Server/ChildProcess.swift", "Server/DataFolder.swift",
            ] + ["FleetProofTests", "RotatingServer", "RotationProofTests", "UpstreamFleet", "UpstreamProcess"].map { "Upstreams/\($0).swift" },
            swiftSettings: settings)
    ]
}

if slice.includes(.all) {
    dependencies += [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ]
    let server: [Target.Dependency] = [
        .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "HummingbirdHTTP2", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"), .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "HTTPTypes", package: "swift-http-types"),
    ]
    products += [.library(name: "TokenHTTP", targets: ["TokenHTTP"])]
    targets += [
        room("TokenHTTP", ["TokenEngine", "TokenCore", "TokenValidation", "TokenClient", "JOSE", logging, lifecycle] + server),
        tests(
            "TokenHTTPTests",
            [
                "TokenHTTP", "TokenEngine", "TokenCore", "TokenSealing", "TokenValidation", "TokenClient", "JOSE", "SQLiteStore", "TestSupport",
                logging,
                lifecycle, .product(name: "AsyncHTTPClient", package: "async-http-client"), .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + server),
    ]
    products += [
        .executable(name: "mintmark", targets: ["mintmark"]),
        .library(name: "TokenPoolClient", targets: ["TokenPoolClient"]),
    ]
    targets += [
        // The program of the package in Examples/, from the same files: a change that breaks it breaks this build.
        .executableTarget(
            name: "upstream-tokens", dependencies: ["TokenClient", "TokenTransport"], path: "Examples/UpstreamTokens/Sources/UpstreamTokens",
            swiftSettings: settings),
        room("TokenPoolClient", ["TokenCore", "JOSE", asyncHTTPClient] + nio),
        tests("JOSEOracleTests", ["JOSE", "TestSupport", crypto, cryptoExtras, .product(name: "JWTKit", package: "jwt-kit")]),
        tests("TokenPoolClientTests", ["TokenPoolClient", "TokenCore"]),
        room(
            "MintmarkCommands",
            [
                "TokenCore", "TokenSealing", "TokenEngine", "TokenHTTP", "TokenClient", "TokenTransport", "SQLiteStore", "Valkey", "ValkeyStore",
                "JOSE", nioSSL,
                arguments, configuration, yams, logging, lifecycle, signals,
            ]),
        .executableTarget(name: "mintmark", dependencies: ["MintmarkCommands"], swiftSettings: settings),
        tests(
            "MintmarkCommandsTests",
            [
                "MintmarkCommands", "TokenCore", "TokenHTTP", "TokenEngine", "TokenClient", "TokenTransport", "SQLiteStore", "TokenSealing", "JOSE",
                "LoopbackServer", "Valkey", "ValkeyStore", arguments, logging,
            ]),
        tests(
            "ProofTests",
            [
                "mintmark", "upstream-worker", "upstream-tokens", "SQLiteStore", "TokenEngine", "TokenCore", "TokenSealing", "JOSE", "TestSupport",
                "ValkeyServer",
                "TokenPoolClient", "LoopbackServer", "TokenClient", "TokenTransport", asyncHTTPClient,
                logging, .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ], exclude: ["Upstreams/authorization_server.py"]),
        .executableTarget(
            name: "mintmark-bench",
            dependencies: nio + [
                arguments, crypto, logging, "JOSE", "TokenClient", "TokenCore", "Valkey", "ValkeyStore", .product(name: "JWTKit", package: "jwt-kit"),
            ], path: "Bench",
            exclude: ["install-nginx.sh", "bench.mk"], swiftSettings: settings),
        tests("BenchTests", ["mintmark-bench", "TokenCore", "Valkey", "ValkeyStore"] + nio),
    ]
}

let package = Package(
    name: "mintmark",
    platforms: [.macOS(.v26)],
    products: products,
    dependencies: dependencies,
    targets: targets,
    swiftLanguageModes: [.v6]
)
