import Subprocess
import TokenCore

#if canImport(System)
import System
#else
import SystemPackage
#endif

/// Tokens that a command prints, as the plugins of kubectl do.
///
/// The command is run without a shell, in a process group of its own, with nothing on its standard input. It prints JSON: `access_token` or `token`
/// with `expires_in` or `expires_at`, or an `ExecCredential`. When it has not ended in time, its whole group is ended.
public struct ExecSource: TokenSource {
    /// The command and what is added to its environment; all but the program's name by digests, as secrets may stand there.
    public let identity: TokenIdentity
    private let command: [String]
    private let environment: [String: String]

    /// More than any credential: 1 MiB.
    private static let longestOutput = 1_048_576
    /// What it wrote to its standard error beyond this is not looked at, and ends it: 1 MiB.
    private static let longestComplaint = 1_048_576

    /// - Parameters:
    ///   - command: an absolute path or a name that PATH knows, and the arguments, each as it is.
    ///   - environment: added to this program's own.
    public init(_ command: [String], environment: [String: String] = [:]) {
        self.command = command
        self.environment = environment
        let program = command.first ?? ""
        let additions = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        identity = TokenIdentity(
            issuer: program, grant: "exec",
            parameters: (command.dropFirst() + [""] + additions).map { digest(of: Secret(Array($0.utf8)), for: program) })
    }

    /// Runs the command.
    ///
    /// - Throws: `.command` when it ended badly, with the last line of its standard error; `.misconfigured` when it cannot be run; `.notUnderstood`.
    public func fetch(_ fetch: TokenFetch) async throws(TokenSourceError) -> IssuedToken {
        guard let program = command.first, program.hasPrefix("/") || !program.contains("/"), !program.isEmpty else {
            throw TokenSourceError(.misconfigured("the command is neither a name nor an absolute path"))
        }
        let outcome = try await outcome(of: program, within: fetch.timeout)
        guard outcome.code == 0 else { throw TokenSourceError(.command(exitCode: outcome.code, message: complaint(outcome.complaint))) }
        return try PrintedToken.read(json: Secret(outcome.output))
    }

    private struct Outcome: Sendable {
        var code: Int32
        var output: [UInt8]
        var complaint: [UInt8]
    }

    /// The command's end or the end of the time; then it is cancelled, which ends it.
    private func outcome(of program: String, within timeout: Duration) async throws(TokenSourceError) -> Outcome {
        let result = await withTaskGroup(of: Result<Outcome, TokenSourceError>.self) { group in
            group.addTask {
                do { return .success(try await run(program)) } catch let error as TokenSourceError { return .failure(error) } catch {
                    return .failure(TokenSourceError(.misconfigured("\(error)")))
                }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return .failure(TokenSourceError(.command(exitCode: 137, message: "it did not end in time")))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(TokenSourceError(.other("no command was run")))
        }
        return try result.get()
    }

    private func run(_ program: String) async throws -> Outcome {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        let additions = Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), Optional($0.value)) })
        do {
            let result = try await Subprocess.run(
                program.hasPrefix("/") ? .path(FilePath(program)) : .name(program), arguments: Arguments(Array(command.dropFirst())),
                environment: .inherit.updating(additions), platformOptions: options, output: .bytes(limit: Self.longestOutput),
                error: .bytes(limit: Self.longestComplaint))
            return Outcome(code: Self.code(result.terminationStatus), output: result.standardOutput, complaint: result.standardError)
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw TokenSourceError(.notUnderstood("the command printed more than \(Self.longestOutput) bytes"))
        }
    }

    /// As a shell tells it: 128 and the number of the signal that ended it.
    private static func code(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }

    private func complaint(_ bytes: [UInt8]) -> String {
        let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
        return TokenAnswer.oneLine(TokenAnswer.hide(environment.values.map { Secret(Array($0.utf8)) }, in: line.map(String.init) ?? ""))
    }
}

extension TokenSource where Self == ExecSource {
    /// Tokens that a command prints.
    public static func exec(_ command: [String], environment: [String: String] = [:]) -> ExecSource { ExecSource(command, environment: environment) }
}
