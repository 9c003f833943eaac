import Foundation
import NIOHTTP1
import Testing

extension Proofs {
    /// A run's whole log contains no token (canon 28, 59): neither on standard output nor on standard error nor among the events, at the
    /// most talkative level, whatever was asked and refused.
    @Suite struct LogProofTests {
        @Test(arguments: ["text", "json"]) func aWholeRunWritesNoSecret(mode: String) async throws {
            try await DataFolder.use { folder in
                let server = try await ServerProcess.start(folder, ["logging.level": "trace", "logging.mode": mode])
                let connection = try await HTTPConnection.open(port: server.port)
                var secrets = try await tokensOfALongDay(connection)
                secrets += try await refusedOnes(connection, like: secrets)
                secrets += [folder.text(folder.adminToken), folder.text(folder.seal)].flatMap {
                    $0.split(whereSeparator: \.isWhitespace).map(String.init)
                }
                #expect(await server.terminate() == 0)
                let written = folder.text(folder.output) + folder.text(folder.log) + folder.text(folder.events)
                #expect(folder.text(folder.log).contains("trace") || written.lowercased().contains("trace"), "nothing was traced")
                #expect(folder.text(folder.events).contains("issued"), "no event was written")
                for part in Set(secrets.flatMap(telltaleParts)) { #expect(!written.contains(part), "the log contains \(part)") }
            }
        }

        /// Every kind of request that is granted.
        private func tokensOfALongDay(_ connection: HTTPConnection) async throws -> [String] {
            let service = HTTPService(connection: connection)
            var tokens: [String] = []
            for user in 0..<Int64(3) {
                let first = try #require(await service.login(user).value)
                let second = try #require(await service.refresh(first.refresh).value)
                _ = await service.refresh(first.refresh)
                let third = try #require(await service.refresh(second.refresh).value)
                // The thief: the family is over.
                #expect(await service.refresh(first.refresh).isRefused)
                let other = try #require(await service.login(user).value)
                let last = try #require(await service.login(user).value)
                _ = try await connection.send(.GET, "/sessions", bearer: other.access)
                #expect(await service.end(last.session, by: other.access).value != nil)
                _ = user == 0 ? await service.logoutAll(other.access) : await service.logout(other.access)
                tokens += [first, second, third, other, last].flatMap { [$0.access, $0.refresh] }
            }
            return tokens
        }

        /// Secrets in places where they do not belong, and requests that fail because of them.
        private func refusedOnes(_ connection: HTTPConnection, like tokens: [String]) async throws -> [String] {
            let secret = "never-write-this-\(UInt64.random(in: 0 ... .max))"
            let token = tokens[0]
            let forged = token.dropLast(8) + "AAAAAAAA"
            for bearer in [String(forged), tokens[1], secret, "a.b.c", token + "." + secret] {
                #expect(try await connection.send(.GET, "/authenticate", bearer: bearer).status == 401)
                _ = try await connection.send(.POST, "/logout", bearer: bearer)
                _ = try await connection.send(.POST, "/refresh", body: #"{"refresh": "\#(bearer)"}"#)
            }
            _ = try await connection.send(.GET, "/authenticate?access_token=\(token)")
            _ = try await connection.send(.GET, "/\(secret)/\(token)")
            _ = try await connection.send(.DELETE, "/sessions/\(tokens[1])", bearer: token)
            _ = try await connection.send(
                .POST, "/login", fields: [("Authorization", "Basic \(Data("c:\(secret)".utf8).base64EncodedString())")],
                body: "{\"user_id\": 1")
            _ = try await connection.send(.POST, "/refresh", body: #"{"refresh": "\#(tokens[1])", "refresh": "\#(secret)"}"#)
            _ = try await connection.send(.POST, "/refresh", body: #"{"refresh": ["\#(tokens[1])"]}"#)
            return [secret, String(forged), Data("c:\(secret)".utf8).base64EncodedString()]
        }

        /// The parts of a secret by which it would be known, also when only a part is written: each part of a JWT but its header, and
        /// the beginning and the end of an opaque one.
        private func telltaleParts(_ secret: String) -> [String] {
            let parts = secret.split(separator: ".").map(String.init)
            let body = parts.count == 3 ? Array(parts.dropFirst()) : parts
            return body.filter { $0.count >= 20 }.flatMap { [String($0.suffix(20)), String($0.dropFirst($0.count / 2).prefix(20))] }
                .filter { $0.count >= 16 }
        }
    }
}
