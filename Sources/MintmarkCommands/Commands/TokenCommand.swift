import ArgumentParser
import FoundationEssentials
import JOSE

/// `mintmark token`: looking at tokens, without a server.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Look at a token.", subcommands: [InspectTokenCommand.self, VerifyTokenCommand.self])
}

/// The token of a command: an argument, or `-` for a line of standard input, which keeps it out of the list of processes.
struct TokenArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The token, or - to read it from standard input.", valueName: "token"))
    var text: String

    /// Without white space around it.
    func read() throws(CommandFailure) -> [UInt8] {
        guard text == "-" else { return Array(text.utf8) }
        guard let line = Surroundings.current.readLine() else { throw CommandFailure(.usage, "there is no token on standard input.") }
        return Array(line.utf8.drop(while: Self.isBlank).reversed().drop(while: Self.isBlank).reversed())
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0D].contains(byte) }
}

/// `mintmark token inspect`: what a token says, believed by nobody yet.
struct InspectTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Print the header and the payload of a token, without checking them.")

    @OptionGroup var token: TokenArgument
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let jws: JWS
        do {
            jws = try JWS(parsing: token.read())
        } catch let error as JOSEError {
            throw CommandFailure(.refused, "this is not a token: \(Sentences.of(error))")
        }
        let payload = try? JSONValue(parsing: jws.payload)
        if json {
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("header", .object(jws.header.parameters))
                if let payload { writer.member("payload", payload) } else { writer.member("payload_bytes", Int64(jws.payload.count)) }
            }
            return Surroundings.current.print(String(decoding: writer.bytes, as: UTF8.self))
        }
        var table = Table("PART", "NAME", "VALUE")
        for member in jws.header.parameters.members { table.append("header", member.name, Self.text(member.name, member.value)) }
        if let claims = payload?.object {
            for member in claims.members { table.append("payload", member.name, Self.text(member.name, member.value)) }
        } else {
            table.append("payload", "", "\(jws.payload.count) bytes that are not a JSON object")
        }
        Surroundings.current.print(table.text)
        Surroundings.current.complain("Nothing of this has been checked: see mintmark token verify.")
    }

    private static func text(_ name: String, _ value: JSONValue) -> String {
        let text = value.string ?? String(decoding: value.serialized, as: UTF8.self)
        guard ["exp", "nbf", "iat"].contains(name), let date = NumericDate(value) else { return text }
        return "\(text) (\(Sentences.time(date.floor)))"
    }
}
