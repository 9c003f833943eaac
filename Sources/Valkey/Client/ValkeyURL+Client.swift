public import Logging
public import NIOSSL

extension ValkeyURL {
    /// A client of the server or the cluster.
    ///
    /// - Parameters:
    ///   - base: everything that the line does not say.
    ///   - certificates: what the server's certificate is checked against, where the line asks for TLS.
    /// - Throws: what NIOSSL says of certificates and keys that it cannot read.
    public func makeClient(
        configuration base: ValkeyClientConfiguration = .init(), certificates: TLSConfiguration = .makeClientConfiguration(), logger: Logger
    ) throws -> any ValkeyClientProtocol {
        var configuration = base
        configuration.authentication = authentication ?? base.authentication
        configuration.databaseNumber = databaseNumber
        if usesTLS { configuration.tls = try .enable(certificates) }
        return isCluster
            ? ValkeyClusterClient(addresses, configuration: .init(client: configuration), logger: logger)
            : ValkeyClient(addresses[0], configuration: configuration, logger: logger)
    }
}
