import FoundationEssentials
import JOSE
import TokenTransport

/// Where the keys of `token verify` are: a file or a URL.
struct KeySetSource: Sendable {
    private let place: String

    init(_ place: String) { self.place = place }

    /// Reads a key set, or one key as a set of itself.
    func read() async throws(CommandFailure) -> JWKSet {
        let bytes = place.contains("://") ? try await fetch() : try load()
        do {
            return try JWKSet(parsing: bytes)
        } catch {
            if error == .malformedKey("keys"), let set = Self.single(bytes) { return set }
            throw CommandFailure(.usage, "\(place) is not a key set: \(Sentences.of(error))")
        }
    }

    private static func single(_ bytes: [UInt8]) -> JWKSet? { (try? JWK(parsing: bytes)).flatMap { try? JWKSet([$0]) } }

    private func load() throws(CommandFailure) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: Surroundings.current.absolute(place)) else {
            throw CommandFailure(.usage, "there is no readable file \(place).")
        }
        return Array(data)
    }

    private func fetch() async throws(CommandFailure) -> [UInt8] {
        let response: FetchResponse
        do {
            let request = FetchRequest(try WebURL(place), headers: [("Accept", "application/jwk-set+json, application/json")])
            response = try await Fetcher().send(request, policy: FetchPolicy(reach: .anywhere))
        } catch {
            if case .url = error { throw CommandFailure(.usage, "\(error)") }
            throw CommandFailure(.unavailable, "\(error)")
        }
        guard response.status == 200 else { throw CommandFailure(.unavailable, "\(response.url) answered with status \(response.status).") }
        return response.body
    }
}
