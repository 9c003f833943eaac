/// How a user runs Mintmark: callers notice no difference.
enum Deployment: String, CaseIterable, Sendable {
    case embedded
    case oneOnASingleServer, threeOnASingleServer
    case oneOnACluster, threeOnACluster

    /// Those with a store that others may share.
    static let shared: [Deployment] = [.oneOnASingleServer, .threeOnASingleServer, .oneOnACluster, .threeOnACluster]

    private var count: Int {
        switch self {
        case .embedded, .oneOnASingleServer, .oneOnACluster: 1
        case .threeOnASingleServer, .threeOnACluster: 3
        }
    }

    private var shape: SharedPlace.Shape? {
        switch self {
        case .embedded: nil
        case .oneOnASingleServer, .threeOnASingleServer: .single
        case .oneOnACluster, .threeOnACluster: .cluster
        }
    }

    /// Starts everything for as long as a body runs.
    func use(_ settings: [String: String] = [:], _ body: (Instances) async throws -> Void) async throws {
        guard let shape else { return try await Instances.use(count, on: nil, settings, body) }
        try await SharedPlace.use(shape) { try await Instances.use(count, on: $0, settings, body) }
    }
}
