namespace KadOrleans.Core.Items;

/// <summary>
/// Reads bencode of strangers in its canonical form alone (BEP 3): numbers without leading zeros, keys that ascend, each of them once. A value
/// then has one form, and what was signed is what is written again. It never throws or allocates: each length is checked against the bytes
/// that are left. After a failure the reader must not be used again.
/// </summary>
internal ref struct BencodeReader(ReadOnlySpan<byte> buffer)
{
    /// <summary>
    /// Lists and dictionaries within one another, which bounds the recursion of <see cref="TrySkip"/>. libtorrent 2.0.8 does not answer
    /// messages of more than nine.
    /// </summary>
    public const int MaxDepth = 16;

    private readonly ReadOnlySpan<byte> _buffer = buffer;

    /// <summary>How many bytes were read; after a failure the place where it was seen.</summary>
    public int Position { get; private set; }

    public readonly bool IsAtEnd => Position == _buffer.Length;

    /// <summary>Whether the list or dictionary ends here.</summary>
    public readonly bool IsContainerEnd => IsNext(Bencode.End);

    private readonly int Remaining => _buffer.Length - Position;

    /// <summary>Whether the bytes are one value with nothing behind it.</summary>
    public static bool IsCanonical(ReadOnlySpan<byte> encoded, int maxDepth, out int position)
    {
        var reader = new BencodeReader(encoded);
        var isCanonical = reader.TrySkip(MaxDepth - maxDepth) && reader.IsAtEnd;
        position = reader.Position;
        return isCanonical;
    }

    public bool TryReadDictionary() => TryTake(Bencode.Dictionary);

    public bool TryReadList() => TryTake(Bencode.List);

    public bool TryReadContainerEnd() => TryTake(Bencode.End);

    public bool TryReadBytes(out ReadOnlySpan<byte> content)
    {
        content = default;
        var digits = Position;
        if (!TryReadDigits())
        {
            return false;
        }

        // A length that is above what is left ends the loop long before it overflows.
        var length = 0L;
        for (var at = digits; at < Position; at++)
        {
            length = (length * 10) + _buffer[at] - '0';
            if (length > Remaining)
            {
                return false;
            }
        }

        if (!TryTake(Bencode.LengthEnd) || length > Remaining)
        {
            return false;
        }

        content = _buffer.Slice(Position, (int)length);
        Position += (int)length;
        return true;
    }

    /// <summary>Reads a whole number, and gives its text: bencode has no bound for it.</summary>
    public bool TryReadNumber(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (!TryTake(Bencode.Integer))
        {
            return false;
        }

        var start = Position;
        var isNegative = TryTake(Bencode.Minus);
        if ((isNegative && IsNext(Bencode.Zero)) || !TryReadDigits())
        {
            return false;
        }

        text = _buffer[start..Position];
        return TryTake(Bencode.End);
    }

    /// <summary>Reads a whole number of 64 bits.</summary>
    public bool TryReadInteger(out long number)
    {
        number = 0;
        return TryReadNumber(out var text)
            && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Reads the key of a dictionary's next pair, which stands behind that of the pair before.</summary>
    public bool TryReadKey(bool isFirst, scoped ReadOnlySpan<byte> previous, out ReadOnlySpan<byte> key)
    {
        var start = Position;
        if (TryReadBytes(out key) && (isFirst || key.SequenceCompareTo(previous) > 0))
        {
            return true;
        }

        Position = start;
        return false;
    }

    /// <summary>Reads one whole value, and gives its bytes.</summary>
    /// <param name="depth">In how many lists and dictionaries it stands.</param>
    /// <param name="encoded">Its bytes, which are known to be canonical.</param>
    public bool TryReadValue(int depth, out ReadOnlySpan<byte> encoded)
    {
        var start = Position;
        var isRead = TrySkip(depth);
        encoded = isRead ? _buffer[start..Position] : default;
        return isRead;
    }

    /// <summary>Reads past one whole value that stands in so many lists and dictionaries.</summary>
    public bool TrySkip(int depth)
    {
        if (IsAtEnd)
        {
            return false;
        }

        return _buffer[Position] switch
        {
            Bencode.Integer => TryReadNumber(out _),
            Bencode.List => depth < MaxDepth && TrySkipList(depth + 1),
            Bencode.Dictionary => depth < MaxDepth && TrySkipDictionary(depth + 1),
            _ => TryReadBytes(out _),
        };
    }

    private bool TrySkipList(int depth)
    {
        Position++;
        while (!IsContainerEnd)
        {
            if (!TrySkip(depth))
            {
                return false;
            }
        }

        return TryReadContainerEnd();
    }

    private bool TrySkipDictionary(int depth)
    {
        Position++;
        ReadOnlySpan<byte> previous = default;
        for (var isFirst = true; !IsContainerEnd; isFirst = false)
        {
            if (!TryReadKey(isFirst, previous, out var key) || !TrySkip(depth))
            {
                return false;
            }

            previous = key;
        }

        return TryReadContainerEnd();
    }

    private bool TryReadDigits()
    {
        var count = _buffer[Position..].IndexOfAnyExceptInRange(Bencode.Zero, Bencode.Nine);
        count = count < 0 ? Remaining : count;
        if (count == 0 || (count > 1 && IsNext(Bencode.Zero)))
        {
            return false;
        }

        Position += count;
        return true;
    }

    private bool TryTake(byte code)
    {
        var isNext = IsNext(code);
        Position += isNext ? 1 : 0;
        return isNext;
    }

    private readonly bool IsNext(byte code) => Position < _buffer.Length && _buffer[Position] == code;
}

/// <summary>What values begin and end with (BEP 3).</summary>
internal static class Bencode
{
    public const byte Integer = (byte)'i';
    public const byte List = (byte)'l';
    public const byte Dictionary = (byte)'d';
    public const byte End = (byte)'e';
    public const byte LengthEnd = (byte)':';
    public const byte Minus = (byte)'-';
    public const byte Zero = (byte)'0';
    public const byte Nine = (byte)'9';
}
