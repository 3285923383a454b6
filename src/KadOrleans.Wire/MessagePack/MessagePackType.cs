namespace KadOrleans.Wire.MessagePack;

/// <summary>What an object is, whatever the width of its header.</summary>
internal enum MessagePackType : byte
{
    /// <summary>Nothing.</summary>
    Nil,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A whole number from -2^63 to 2^64 - 1.</summary>
    Integer,

    /// <summary>A floating-point number of 32 or 64 bits.</summary>
    Float,

    /// <summary>UTF-8 text (str).</summary>
    String,

    /// <summary>Bytes (bin).</summary>
    Binary,

    /// <summary>Some objects.</summary>
    Array,

    /// <summary>Some pairs of objects.</summary>
    Map,

    /// <summary>Bytes with an application's type number (ext); read past, never written.</summary>
    Extension,
}
