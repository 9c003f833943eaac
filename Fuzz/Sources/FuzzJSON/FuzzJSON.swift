import JOSE

/// Any bytes: a text is read or refused, and what was read is written as a text that reads as the same value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let value = try? JSONValue(parsing: bytes) {
        let text = value.serialized
        precondition((try? JSONValue(parsing: text)) == value)
        precondition((try? JSONValue(parsing: text))?.serialized == text)
    }
    return 0
}
