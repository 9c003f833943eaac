private import LibFuzzer

/// Hands the command line to libFuzzer, which calls `body` with one input after the other and does not return before its
/// time is up.
///
/// - Parameter body: returns 0; it fails by trapping.
public func fuzz(_ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> CInt {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    return withUnsafeMutablePointer(to: &arguments) { arguments in
        arguments.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) {
            LLVMFuzzerRunDriver(&count, $0, body)
        }
    }
}
