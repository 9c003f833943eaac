// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "UpstreamTokens",
    platforms: [.macOS(.v26)],
    dependencies: [.package(name: "mintmark", path: "../..")],
    targets: [
        .executableTarget(
            name: "UpstreamTokens",
            dependencies: [
                .product(name: "TokenClient", package: "mintmark"), .product(name: "TokenTransport", package: "mintmark"),
            ])
    ]
)
