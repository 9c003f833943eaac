// swift-tools-version:6.2
import PackageDescription

/// Fuzz targets in a package of their own, because libFuzzer brings the main function and wants its counters in every
/// module. `./run SECONDS` builds them so; a plain `swift build` does not link.
let target: (String, [Target.Dependency]) -> Target = { name, dependencies in
    .executableTarget(
        name: name,
        dependencies: dependencies,
        swiftSettings: [.unsafeFlags(["-parse-as-library"])]
    )
}

let package = Package(
    name: "mintmark-fuzz",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "mintmark", path: "..")],
    targets: [
        target("FuzzJWS", [.product(name: "JOSE", package: "mintmark")]),
        target("FuzzJSON", [.product(name: "JOSE", package: "mintmark")]),
    ],
    swiftLanguageModes: [.v6]
)
