import Foundation
import Testing

@testable import MintmarkCommands

/// Certificates, authorities and keys that tokens are bound to: what is in the files is looked at before a server starts.
struct UpstreamBindingTests {
    private func openssl(_ arguments: String, in folder: TemporaryFolder) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments)")
    }

    private func check(_ flags: [String], in folder: TemporaryFolder) async -> (status: Int32, output: String) {
        let all = ["source=client_credentials", "token_url=https://a.example/t", "client_id=a"] + flags
        let ran = await run(["config", "check"] + all.flatMap { ["--set", "upstreams.x.\($0)"] }, workingDirectory: folder.path)
        return (ran.status, ran.output)
    }

    @Test func filesThatCannotBeUsedKeepTheServerFromStarting() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for name in ["mine", "other"] {
            try openssl("req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=\(name) -keyout \(name).key -out \(name).pem", in: folder)
        }
        try folder.write("hunter2", to: "nothing")
        try folder.write(String(contentsOfFile: folder.path + "/mine.key", encoding: .utf8), to: "everybodys.key", permissions: 0o644)
        try folder.write(String(contentsOfFile: folder.path + "/mine.pem", encoding: .utf8), to: "certificate.key")
        let secret = "client_secret=b"
        let cases: [([String], String?, String)] = [
            (["tls.certificate=mine.pem", "tls.key=mine.key", "ca_file=other.pem"], nil, ""),
            (["tls.certificate=mine.pem", "tls.key=other.key"], "tls.certificate", "not its key"),
            (["tls.certificate=mine.key", "tls.key=mine.key"], "tls.certificate", "holds no certificate"),
            (["tls.certificate=none.pem", "tls.key=mine.key"], "tls.certificate", "cannot be read"),
            (["tls.certificate=mine.pem", "tls.key=everybodys.key"], "tls.key", "chmod 600"),
            ([secret, "ca_file=nothing"], "ca_file", "holds no certificate"), ([secret, "ca_file=none"], "ca_file", "cannot be read"),
            ([secret, "ca_file=other.pem"], nil, ""),
            ([secret, "dpop_key_file=mine.key", "proxy.to=https://api.example"], nil, ""),
            ([secret, "dpop_key_file=certificate.key", "proxy.to=https://api.example"], "dpop_key_file", "is a certificate"),
            ([secret, "dpop_key_file=everybodys.key", "proxy.to=https://api.example"], "dpop_key_file", "chmod 600"),
        ]
        for (flags, key, words) in cases {
            let ran = await check(flags, in: folder)
            #expect(ran.status == (key == nil ? 0 : 78), "\(flags): \(ran.output)")
            #expect(key == nil || ran.output.contains("upstreams.x.\(key ?? "")") && ran.output.contains(words), "\(flags): \(ran.output)")
            #expect(!ran.output.contains("hunter2"))
        }
    }

    /// canon 59: what is shown of a key is where it is.
    @Test func shownConfigurationHoldsNoKey() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try openssl("req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=mine -keyout mine.key -out mine.pem", in: folder)
        let flags = ["source=client_credentials", "client_auth=tls", "tls.certificate=mine.pem", "tls.key=mine.key", "dpop_key_file=mine.key"]
        let ran = await run(["config", "show"] + flags.flatMap { ["--set", "upstreams.x.\($0)"] }, workingDirectory: folder.path)
        #expect(ran.status == 0 && ran.output.contains("upstreams.x.dpop_key_file") && ran.output.contains("mine.key"), "\(ran.output)")
        let key = try String(contentsOfFile: folder.path + "/mine.key", encoding: .utf8).split(separator: "\n")[1]
        #expect(!ran.output.contains(key))
    }
}
