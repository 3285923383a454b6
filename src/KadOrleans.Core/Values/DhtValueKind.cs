namespace KadOrleans.Core.Values;

/// <summary>The five types of value that nodes of the network store.</summary>
public enum DhtValueKind : byte
{
    /// <summary>No value: what <c>default(DhtValue)</c> is. Never stored.</summary>
    None,

    /// <summary>UTF-8 text.</summary>
    String,

    /// <summary>A whole number, -2^63 to 2^64 - 1.</summary>
    Integer,

    /// <summary>A 64-bit floating-point number.</summary>
    Float,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Any bytes.</summary>
    Bytes,
}
