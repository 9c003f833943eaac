import Foundation
import SQLiteStore
import Testing

@testable import TokenCore

extension Proofs {
    /// The procedure of docs/cli.md, "Changing the seal", with the commands that it names, from the first step to the last.
    @Suite struct SealRotationProofTests {
        @Test func aSealIsReplacedWhileSessionsLiveOn() async throws {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                let first = try await serve(operate) { service in try #require(await service.login(1).value) }

                #expect(try await operate.run("keys", "new-seal", "--append", folder.seal).output.contains("Key 2 is in"))
                let second = try await serve(operate) { service in
                    let seals = try await seals(operate)
                    #expect(seals[1]?.current == true && seals[2]?.current == false)
                    return try #require(await service.refresh(first.refresh).value)
                }

                #expect(try await operate.run("keys", "change-seal", folder.seal, "--promote", "2").status == 0)
                let (third, young) = try await serve(operate) { service in
                    let seals = try await seals(operate)
                    #expect(seals[1]?.signingKeys == 0, "the signing keys are sealed again by the time that it listens")
                    #expect((seals[2]?.signingKeys ?? 0) > 0 && seals[2]?.current == true)
                    #expect(seals[1]?.dispensable == false, "sessions were born with it")
                    #expect(try await operate.run("keys", "change-seal", folder.seal, "--remove", "2").status == 64, "it seals")
                    return (try #require(await service.refresh(second.refresh).value), try #require(await service.login(2).value))
                }

                try await letTheSessionsOfTheFirstSealEnd(in: folder)
                let fourth = try await serve(operate) { service in
                    #expect(try await seals(operate)[1]?.dispensable == true)
                    return try #require(await service.refresh(young.refresh).value)
                }

                #expect(try await operate.run("keys", "change-seal", folder.seal, "--remove", "1").status == 0)
                try await serve(operate) { service in
                    let left = try await seals(operate)
                    #expect(Set(left.keys) == [2])
                    #expect(await service.authenticate(fourth.access).value != nil)
                    #expect(await service.authenticate(first.access).value != nil, "access tokens need no seal")
                    #expect(await service.refresh(fourth.refresh).value != nil, "born with the seal that stays")
                    #expect(await service.refresh(third.refresh).isRefused, "nothing opens what the first seal sealed")
                }
            }
        }

        /// A seal that is taken out before its time keeps the server from starting, and putting it back mends that.
        @Test func aSealThatIsNeededIsMissed() async throws {
            try await DataFolder.use { folder in
                let operate = try await Operator(folder)
                let pair = try await serve(operate) { service in try #require(await service.login(1).value) }
                #expect(try await operate.run("keys", "new-seal", "--append", folder.seal, "--first").status == 0)
                try await serve(operate) { _ in }
                let file = try Data(contentsOf: URL(filePath: folder.seal))
                #expect(try await operate.run("keys", "change-seal", folder.seal, "--remove", "1").status == 0)
                let refusal = await #expect(throws: ServerProcess.DidNotStart.self) { try await ServerProcess.start(folder, operate.settings) }
                #expect(refusal?.status == 78, "\(String(describing: refusal))")
                try file.write(to: URL(filePath: folder.seal))
                try await serve(operate) { service in #expect(await service.refresh(pair.refresh).value != nil) }
            }
        }

        /// One start of the server, ended as an operator ends it.
        private func serve<T>(_ operate: Operator, _ body: (HTTPService) async throws -> T) async throws -> T {
            try await ServerProcess.use(operate.folder, operate.settings) { server in
                let result = try await body(HTTPService(connection: try await HTTPConnection.open(port: server.port)))
                #expect(await server.terminate() == 0)
                return result
            }
        }

        /// A row of `keys list`.
        private struct Seal: Decodable {
            let number: Int
            let current, dispensable: Bool
            let signingKeys: Int

            enum CodingKeys: String, CodingKey {
                case number, current, dispensable
                case signingKeys = "signing_keys"
            }
        }

        private func seals(_ operate: Operator) async throws -> [Int: Seal] {
            struct Answer: Decodable { let seal: [Seal] }
            let listed = try await operate.run("keys", "list", "--json")
            let answer = try JSONDecoder().decode(Answer.self, from: Data(listed.output.utf8))
            return Dictionary(uniqueKeysWithValues: answer.seal.map { ($0.number, $0) })
        }

        /// The wait of the third step, `auth.refresh_lifetime` long: what is written of its end is set to now.
        private func letTheSessionsOfTheFirstSealEnd(in folder: DataFolder) async throws {
            let store = try SQLiteStore.open(.init(path: folder.store))
            let now = UnixTime(seconds: Int64(Date().timeIntervalSince1970))
            let stored = try #require(try await store.load(KeyRing.self, id: (), now: now))
            var ring = stored.record
            let index = try #require(ring.seals.firstIndex { $0.number == SealNumber(1) })
            #expect(ring.seals[index].neededUntil > now)
            ring.seals[index].neededUntil = now
            try await store.commit(WriteBatch(partition: .control, now: now, writes: [.put(ring, over: stored.version)]))
            await store.close()
        }
    }
}
