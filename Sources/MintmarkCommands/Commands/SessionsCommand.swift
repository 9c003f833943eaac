import ArgumentParser
import JOSE

/// `mintmark sessions`: the live sessions of a subject.
struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "List and revoke the sessions of a subject.",
        subcommands: [ListSessionsCommand.self, RevokeSessionsCommand.self])
}

/// `mintmark sessions list`.
struct ListSessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the live sessions of a subject.")

    @Argument(help: "The user_id of the login.") var subject: String
    @OptionGroup var admin: AdminOptions

    /// More pages than any subject has: a server that names itself as the next page does not hold us for ever.
    private static let mostPages = 10_000

    func run() async throws {
        let sessions = try await allPages(of: admin.client())
        if admin.json {
            var answer = JSONWriter()
            answer.object { answer in
                answer.name("sessions")
                answer.array { answer in for session in sessions { answer.value(session) } }
            }
            return Surroundings.current.print(String(decoding: answer.bytes, as: UTF8.self))
        }
        AdminOutput.table(
            sessions,
            [
                ("SESSION ID", "session_id"), ("DEVICE", "device"), ("CREATED", "created_at"), ("LAST SEEN", "last_seen"),
                ("ROTATIONS", "rotations"),
            ],
            nothing: "There are no live sessions.")
    }

    private func allPages(of client: AdminClient) async throws(CommandFailure) -> [JSONValue] {
        var sessions: [JSONValue] = []
        var query = [("subject", subject)]
        for _ in 0..<Self.mostPages {
            let page = try await client.call("GET", ["sessions"], query: query)
            sessions += page["sessions"]?.array ?? []
            guard let next = page["next"]?.string else { return sessions }
            query = [("subject", subject), ("after", next)]
        }
        throw CommandFailure(.failed, "the list of sessions does not end.")
    }
}

/// `mintmark sessions revoke`.
struct RevokeSessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke one session, or every session of a subject.")

    @Argument(help: "The id of the session.") var id: String?
    @Option(help: ArgumentHelp("Revoke every session of this subject instead.", valueName: "user_id")) var subject: String?
    @OptionGroup var admin: AdminOptions

    func validate() throws {
        if (id == nil) == (subject == nil) { throw ValidationError("Name either one session or --subject.") }
    }

    func run() async throws {
        let client = try admin.client()
        let answer: JSONObject
        let said: String
        if let subject {
            answer = try await client.call("POST", ["sessions", "revoke"], body: [("subject", .string(subject))])
            said = "Every session of \(subject) is revoked."
        } else {
            answer = try await client.call("DELETE", ["sessions", id ?? ""])
            said = "The session \(id ?? "") is revoked."
        }
        if admin.json { AdminOutput.json(answer) } else { Surroundings.current.print(said) }
    }
}
