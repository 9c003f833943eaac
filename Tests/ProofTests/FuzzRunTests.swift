import Foundation
import Testing

/// `Fuzz/run`, with stand-ins for the compiler and for the fuzzer: what it makes of how they end.
@Suite struct FuzzRunTests {
    @Test func aFuzzerThatEndsWellIsNoFailure() async throws {
        try await run(fuzzer: "echo fuzzed > ran") { outcome, folder in
            #expect(outcome.status == 0, "\(outcome)")
            #expect(folder.text(folder.path + "/Fuzz/ran") == "fuzzed\n", "it ran")
        }
    }

    @Test func aFuzzerThatDoesNotRunIsAFailure() async throws {
        try await run(fuzzer: "exit 1") { outcome, _ in #expect(outcome.status == 1 && outcome.complaint.contains("FuzzJSON: ended with 1")) }
        // The loader, for a library that is missing; the shell, for a file that is none.
        try await run(fuzzer: "exit 127") { outcome, _ in #expect(outcome.status == 1) }
        try await run(fuzzer: nil) { outcome, _ in #expect(outcome.status == 1) }
    }

    @Test func aTargetThatDoesNotBuildIsAFailure() async throws {
        try await run(compiler: "exit 1", fuzzer: "true") { outcome, _ in #expect(outcome.status != 0) }
    }

    @Test func whatWasFoundIsKeptForTheTestsAndIsAFailure() async throws {
        try await run(fuzzer: "echo input > .findings/FuzzJSON/crash-1; exit 77") { outcome, folder in
            #expect(outcome.status == 1 && outcome.output.contains("crash-1"))
            #expect(folder.text(folder.path + "/Tests/JOSETests/FailCases/json/crash-1") == "input\n")
        }
        // A slow input is left behind by a fuzzer that ends well.
        try await run(fuzzer: "echo input > .findings/FuzzJSON/slow-1") { outcome, _ in #expect(outcome.status == 1) }
    }

    @Test func everyTargetIsRunUnlessOneIsNamed() throws {
        let script = try String(contentsOfFile: Repository.path + "/Fuzz/run", encoding: .utf8)
        let targets = try FileManager.default.contentsOfDirectory(atPath: Repository.path + "/Fuzz/Sources")
            .filter { $0.hasPrefix("Fuzz") && $0 != "FuzzDriver" }
        #expect(targets.count >= 3)
        for target in targets { #expect(script.contains("\n        \(target)) cases="), "\(target) has no FailCases folder") }
    }

    /// Runs the script in a copy of its surroundings.
    ///
    /// - Parameter fuzzer: a shell script in the place of the program; nil for none.
    private func run(
        compiler: String = "true", fuzzer: String?, then check: (ChildProcess.Outcome, DataFolder) throws -> Void
    ) async throws {
        try await DataFolder.use { folder in
            let files = FileManager.default
            for name in ["Fuzz/Sources/FuzzJSON", "Fuzz/Sources/FuzzDriver", "Fuzz/.build/release", "bin"] {
                try files.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
            }
            try files.copyItem(atPath: Repository.path + "/Fuzz/run", toPath: folder.path + "/Fuzz/run")
            try program(compiler, at: folder.path + "/bin/swift")
            if let fuzzer { try program(fuzzer, at: folder.path + "/Fuzz/.build/release/FuzzJSON") }
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            let outcome = try await ChildProcess.run(["/bin/bash", "Fuzz/run", "1"], in: folder, environment: ["PATH": "\(folder.path)/bin:\(path)"])
            try check(outcome, folder)
        }
    }

    private func program(_ text: String, at path: String) throws {
        try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
    }
}
