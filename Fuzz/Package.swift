// swift-tools-version:6.2
import PackageDescription

/// Fuzz targets in a package of their own, because libFuzzer wants its counters in every module. `./run SECONDS` builds
/// them so; a plain `swift build` does not link.
func fuzzer(_ name: String, _ room: String) -> Target {
    .executableTarget(name: name, dependencies: ["FuzzDriver", .product(name: room, package: "mintmark")])
}

let package = Package(
    name: "mintmark-fuzz",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "mintmark", path: ".."), .package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
    targets: [
        .target(name: "LibFuzzer"),
        .target(name: "FuzzDriver", dependencies: ["LibFuzzer"]),
        fuzzer("FuzzJWS", "JOSE"),
        fuzzer("FuzzJSON", "JOSE"),
        fuzzer("FuzzRefreshToken", "TokenSealing"),
        .executableTarget(
            name: "FuzzRESP",
            dependencies: ["FuzzDriver", .product(name: "Valkey", package: "mintmark"), .product(name: "NIOCore", package: "swift-nio")]),
    ],
    swiftLanguageModes: [.v6]
)
