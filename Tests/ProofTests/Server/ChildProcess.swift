import Foundation
import Synchronization
import TestSupport

/// A program that this one started, with its output in files: nothing is lost when it is killed, and no pipe fills up.
final class ChildProcess: Sendable {
    let pid: Int32
    private let end: ChildEnd

    /// Starts a program; its output is appended to the files.
    ///
    /// - Parameter command: an absolute path, or a name that PATH knows, and its arguments.
    init(_ command: [String], output: String, log: String, in folder: String, environment: [String: String] = [:]) throws {
        let process = Process()
        let isPath = command[0].hasPrefix("/")
        process.executableURL = URL(fileURLWithPath: isPath ? command[0] : "/usr/bin/env")
        process.arguments = isPath ? Array(command.dropFirst()) : command
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("MINTMARK_") && $0.key != "LOG_LEVEL" }.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let files = try [Self.appending(to: output), Self.appending(to: log)]
        process.standardOutput = files[0]
        process.standardError = files[1]
        let end = ChildEnd()
        process.terminationHandler = { process in
            end.arrive(process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus)
        }
        try process.startAlone()
        // The child has its own; what stays open here would add up over a soak.
        for file in files { try? file.close() }
        pid = process.processIdentifier
        self.end = end
    }

    /// The exit status once it has ended; 128 and the number of the signal if a signal ended it.
    var status: Int32? { end.status }

    /// Waits for its end.
    func ended() async -> Int32 { await end.wait() }

    func signal(_ number: Int32) {
        if status == nil { kill(pid, number) }
    }

    /// Runs a program to its end.
    ///
    /// - Returns: its exit status and what it wrote.
    static func run(_ command: [String], in folder: DataFolder, environment: [String: String] = [:]) async throws -> Outcome {
        let name = "\(folder.path)/run-\(UInt64.random(in: 0 ... .max))"
        let child = try ChildProcess(command, output: name + ".out", log: name + ".err", in: folder.path, environment: environment)
        let status = await child.ended()
        return Outcome(status: status, output: folder.text(name + ".out"), complaint: folder.text(name + ".err"))
    }

    /// How a program ended and what it wrote.
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let complaint: String
    }

    private static func appending(to path: String) throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}

/// The end of a child, which comes once, and whoever waits for it.
private final class ChildEnd: Sendable {
    private struct State {
        var status: Int32?
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    /// Guards both for one look.
    private let state = Mutex(State())

    var status: Int32? { state.withLock { $0.status } }

    func arrive(_ status: Int32) {
        let waiting = state.withLock { state in
            state.status = status
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: status) }
    }

    func wait() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.status == nil { state.waiting.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }
}
