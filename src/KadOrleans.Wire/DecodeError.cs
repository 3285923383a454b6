namespace KadOrleans.Wire;

/// <summary>Why a datagram is refused. The wire has no error response: whatever the reason, the sender gets none.</summary>
internal enum DecodeError
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>Fewer than <see cref="Datagram.MinLength"/> bytes: no room for a body.</summary>
    TooShort,

    /// <summary>More than <see cref="Datagram.MaxLength"/> bytes, or a body of more than <see cref="Datagram.MaxBodyLength"/>.</summary>
    TooLong,

    /// <summary>The first byte is neither that of a request nor that of a response.</summary>
    UnknownKind,

    /// <summary>The body ends inside an object, or announces a length beyond its end.</summary>
    Truncated,

    /// <summary>The byte 0xC1, which MessagePack never uses.</summary>
    ReservedCode,

    /// <summary>A text that is not UTF-8.</summary>
    InvalidUtf8,

    /// <summary>Arrays and maps inside one another beyond the reader's fixed depth.</summary>
    TooDeep,

    /// <summary>An array or map announces more items than the bytes behind it could hold.</summary>
    TooManyItems,

    /// <summary>The body of a request is not an array of a function name and arguments.</summary>
    MalformedRequest,

    /// <summary>A well-formed request for a function that does not exist.</summary>
    UnknownFunction,

    /// <summary>The arguments are not an array, too few or too many, or an id or key among them is not 20 bytes of bin.</summary>
    WrongArguments,
}
