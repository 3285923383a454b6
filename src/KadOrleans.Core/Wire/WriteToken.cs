namespace KadOrleans.Core;

/// <summary>
/// Eight bytes that a node gives to an address, and that whoever owns the address shows when it stores there. To all but the giver they
/// say nothing. Zero is no token.
/// </summary>
internal readonly record struct WriteToken(ulong Bits)
{
    /// <summary>On the wire, in bytes.</summary>
    public const int Length = sizeof(ulong);

    public static WriteToken None => default;

    public bool IsNone => Bits == 0;
}
