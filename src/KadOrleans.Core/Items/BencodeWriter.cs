namespace KadOrleans.Core.Items;

// Writes bencode in its canonical form; the order of keys is the caller's. A span too short is a bug of the caller and throws.
internal ref struct BencodeWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Length { get; private set; }

    public void WriteDictionary() => WriteByte(Bencode.Dictionary);

    public void WriteList() => WriteByte(Bencode.List);

    public void WriteContainerEnd() => WriteByte(Bencode.End);

    public void WriteBytes(scoped ReadOnlySpan<byte> content)
    {
        WriteDigits(content.Length);
        WriteByte(Bencode.LengthEnd);
        WriteEncoded(content);
    }

    public void WriteInteger(long number)
    {
        WriteByte(Bencode.Integer);
        WriteDigits(number);
        WriteByte(Bencode.End);
    }

    /// <summary>What is bencode already.</summary>
    public void WriteEncoded(scoped ReadOnlySpan<byte> encoded)
    {
        encoded.CopyTo(_destination[Length..]);
        Length += encoded.Length;
    }

    private void WriteDigits(long number)
    {
        if (!number.TryFormat(_destination[Length..], out var written, default, CultureInfo.InvariantCulture))
        {
            throw new ArgumentException("The destination is too short.");
        }

        Length += written;
    }

    private void WriteByte(byte value) => _destination[Length++] = value;
}
