import ArgumentParser
import JOSE

/// `mintmark keys`: the signing keys of a running server, and its seal.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Look at signing keys, rotate and revoke them; make, promote and remove seal keys.",
        subcommands: [ListKeysCommand.self, RotateKeysCommand.self, RevokeKeyCommand.self, NewSealCommand.self, ChangeSealCommand.self])
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
        guard let seals = answer["seal"]?.array, !seals.isEmpty else { return }
        Surroundings.current.print("\nSeal keys; one that is dispensable may leave the seal file:")
        AdminOutput.table(
            seals,
            [
                ("NUMBER", "number"), ("IN FILE", "in_file"), ("SEALS", "current"), ("SIGNING KEYS", "signing_keys"),
                ("CLIENT SECRETS", "client_secrets"), ("POOLS", "pool_secrets"), ("SESSIONS UNTIL", "sessions_until"), ("DISPENSABLE", "dispensable"),
            ],
            nothing: "")
        let holds = seals.contains { $0.object?["current"]?.bool == false && ($0.object?["client_secrets"]?.integer ?? 0) > 0 }
        if holds {
            Surroundings.current.print(
                "\nA client's secret stays under its seal key: make such a client anew (clients create) and delete the old one to free the key.")
        }
    }
}

/// `mintmark keys rotate`.
struct RotateKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Have the published key sign, as soon as every cache has it; the one before goes on verifying.")

    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let answer = try await admin.client().call("POST", ["keys", "rotate"])
        if admin.json {
            AdminOutput.json(answer)
        } else {
            guard let time = answer["at"]?.string else { return Surroundings.current.print("Another key signs: see mintmark keys list.") }
            Surroundings.current.print("The published key signs from \(time) on, when every cache of the key set has it.")
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
