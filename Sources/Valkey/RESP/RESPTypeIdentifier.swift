/// The first byte of a value, which says its type (RESP 2 and 3).
public enum RESPTypeIdentifier: UInt8, Sendable, Hashable {
    /// `+`: a short text.
    case simpleString = 43
    /// `-`: an error, whose first word is its code.
    case simpleError = 45
    /// `:`: a number of 64 bits.
    case integer = 58
    /// `$`: bytes with their length before them.
    case bulkString = 36
    /// `*`: values in their order.
    case array = 42
    /// `_`: nothing.
    case null = 95
    /// `#`: true or false.
    case boolean = 35
    /// `,`: a floating-point number.
    case double = 44
    /// `(`: a number of any size.
    case bigNumber = 40
    /// `!`: an error with its length before it.
    case bulkError = 33
    /// `=`: a text with its kind in three letters before it.
    case verbatimString = 61
    /// `%`: keys with their values.
    case map = 37
    /// `~`: values without an order.
    case set = 126
    /// `>`: something nobody asked for, between two replies.
    case push = 62
    /// `|`: facts about the value that follows; read and dropped.
    case attribute = 124
}
