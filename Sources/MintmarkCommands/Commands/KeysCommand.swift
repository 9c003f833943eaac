import ArgumentParser
import JOSE

/// `mintmark keys`: the signing keys of a running server, and its seal.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Look at signing keys, rotate and revoke them; make seal keys.",
        subcommands: [ListKeysCommand.self, RotateKeysCommand.self, RevokeKeyCommand.self, NewSealCommand.self])
}

/// `mintmark keys list`.
struct ListKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the signing keys and their states, and the seal.")

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("GET", ["keys"])
        if admin.json { return AdminOutput.json(answer) }
        AdminOutput.table(
            answer["keys"]?.array ?? [],
            [
                ("KID", "kid"), ("ALGORITHM", "algorithm"), ("STATE", "state"), ("SINCE", "state_since"), ("NEXT", "next_state_at"),
                ("CREATED", "created_at"),
            ],
            nothing: "There are no keys.")
        guard let seal = answer["seal"]?.object, seal.count > 0 else { return }
        let facts = seal.members.map { "\($0.name) \(AdminOutput.cell($0.value, named: $0.name))" }
        Surroundings.current.print("\nSeal: \(facts.joined(separator: ", "))")
    }
}

/// `mintmark keys rotate`.
struct RotateKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Let the key published next sign now; the one before goes on verifying.")

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("POST", ["keys", "rotate"])
        if admin.json {
            AdminOutput.json(answer)
        } else {
            Surroundings.current.print("The signing key was rotated: see mintmark keys list.")
        }
    }
}

/// `mintmark keys revoke`.
struct RevokeKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a signing key: no token it signed is accepted any more.")

    @Argument(help: "The kid of the key.") var kid: String
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("POST", ["keys", kid, "revoke"])
        if admin.json { AdminOutput.json(answer) } else { Surroundings.current.print("The key \(kid) is revoked.") }
    }
}
