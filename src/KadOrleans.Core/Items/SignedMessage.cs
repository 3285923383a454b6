namespace KadOrleans.Core.Items;

/// <summary>
/// What an owner signs (BEP 44, "Signature Verification"): salt, sequence number and value in bencode, as they would stand in a dictionary, without
/// its beginning and end. The salt is left out where it is empty.
/// </summary>
internal static class SignedMessage
{
    /// <summary>In bytes: 73 for the salt, 26 for the number, 1,003 for the value.</summary>
    public const int MaxLength = 1102;

    /// <summary>Returns the length.</summary>
    /// <param name="destination"><see cref="MaxLength"/> bytes are enough for any.</param>
    /// <param name="salt">0 to 64 bytes.</param>
    /// <param name="seq">0 to 2^63 - 1.</param>
    /// <param name="value">In bencode.</param>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> salt, long seq, ReadOnlySpan<byte> value)
    {
        var writer = new BencodeWriter(destination);
        if (!salt.IsEmpty)
        {
            writer.WriteBytes("salt"u8);
            writer.WriteBytes(salt);
        }

        writer.WriteBytes("seq"u8);
        writer.WriteInteger(seq);
        writer.WriteBytes("v"u8);
        writer.WriteEncoded(value);
        return writer.Length;
    }
}
