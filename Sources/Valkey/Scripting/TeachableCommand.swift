import NIOCore

/// A command that runs code which the server may have forgotten: after a restart, a failover or SCRIPT FLUSH.
protocol TeachableCommand: ValkeyCommand {
    /// The command that teaches it, in bytes.
    var lesson: ByteBuffer { get }
}
