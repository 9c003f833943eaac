import Synchronization

@testable import MintmarkCommands

/// What one command line did.
struct Ran: Sendable {
    var status: Int32 = -1
    var output = ""
    var complaints = ""
}

/// Runs a command line in this process, with surroundings of the test's making.
func run(
    _ arguments: String..., environment: [String: String] = [:], workingDirectory: String = "/", input: [String] = []
) async -> Ran {
    await run(arguments, environment: environment, workingDirectory: workingDirectory, input: input)
}

/// The same for arguments that are already a list.
func run(
    _ arguments: [String], environment: [String: String] = [:], workingDirectory: String = "/", input: [String] = []
) async -> Ran {
    let recorder = Recorder(input: input)
    let surroundings = Surroundings(
        environment: environment, workingDirectory: workingDirectory,
        print: { text in recorder.ran.withLock { $0.output += text + "\n" } },
        complain: { text in recorder.ran.withLock { $0.complaints += text + "\n" } },
        readLine: recorder.nextLine)
    let status = await Surroundings.$current.withValue(surroundings) { await Mintmark.execute(arguments) }
    var ran = recorder.ran.withLock { $0 }
    ran.status = status
    return ran
}

/// Keeps what a command printed.
private final class Recorder: Sendable {
    let ran = Mutex(Ran())
    private let input: Mutex<[String]>

    init(input: [String]) { self.input = Mutex(input) }

    func nextLine() -> String? { input.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
