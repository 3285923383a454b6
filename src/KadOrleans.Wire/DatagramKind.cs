namespace KadOrleans.Wire;

/// <summary>The first byte of a datagram. Every other byte there makes the datagram void.</summary>
public enum DatagramKind : byte
{
    /// <summary>A call; its body is a function name and arguments.</summary>
    Request = 0,

    /// <summary>The answer to a call; its body is the bare result.</summary>
    Response = 1,
}
