/// What one algorithm can do. A new algorithm is a file with its row, and a line in `Algorithm.row`.
struct AlgorithmRow: Sendable {
    /// A fresh private key.
    let generate: @Sendable () throws(JOSEError) -> any PrivatePrimitive
    /// The private key from the form `PrivatePrimitive.serialized` has.
    let open: @Sendable (_ serialized: [UInt8]) throws(JOSEError) -> any PrivatePrimitive
    /// The public key from the members of a JWK; nil if they are of another key type or curve.
    let importPublic: @Sendable (JWK.Material) throws(JOSEError) -> (any PublicPrimitive)?
}

extension Algorithm {
    /// The table.
    var row: AlgorithmRow {
        switch self {
        case .es256: .es256
        case .es384: .es384
        case .edDSA: .edDSA
        case .rs256: .rsa(.pkcs1)
        case .ps256: .rsa(.pss)
        case .mlDSA65: .mlDSA65
        case .mlDSA87: .mlDSA87
        case .hs256: .hs256
        }
    }
}

/// A public key in the form the cryptographic library verifies with, imported and checked once.
protocol PublicPrimitive: Sendable {
    /// Whether this key's owner made `signature` over `bytes`. A signature of another length is simply not valid.
    func isValid(signature: UnsafeRawBufferPointer, for bytes: UnsafeRawBufferPointer) -> Bool
}

/// A private key in the form the cryptographic library signs with.
protocol PrivatePrimitive: Sendable {
    /// The public members, from which the public half is imported like anybody else's.
    var material: JWK.Material { get }
    /// The form that is sealed at rest; says nothing about the algorithm.
    var serialized: [UInt8] { get }
    /// The signature in the form a JWS carries.
    func signature(for bytes: UnsafeRawBufferPointer) throws -> [UInt8]
}

/// Runs a call into the cryptographic library, whose errors say nothing that a caller could act upon.
func translating<Value>(to refusal: JOSEError, _ body: () throws -> Value) throws(JOSEError) -> Value {
    do { return try body() } catch { throw refusal }
}
