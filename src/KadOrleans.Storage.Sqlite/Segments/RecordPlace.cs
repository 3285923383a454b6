namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>Where the record of a key is, in the eight bytes that the index has for it.</summary>
/// <param name="Slot">The slot of its segment in the <see cref="SegmentTable"/>.</param>
/// <param name="Offset">Its first byte in the segment.</param>
/// <param name="Length">Its length in bytes.</param>
internal readonly record struct RecordPlace(int Slot, int Offset, int Length)
{
    /// <summary>Slots are below this: a terabyte of segments.</summary>
    public const int MaxSlots = 1 << 28;

    private const int OffsetBits = 18;
    private const int LengthBits = 14;

    /// <summary>Reads what <see cref="ToInt64"/> wrote.</summary>
    public static RecordPlace From(long place) => new(
        (int)(place >> (OffsetBits + LengthBits)),
        (int)(place >> LengthBits) & ((1 << OffsetBits) - 1),
        (int)place & ((1 << LengthBits) - 1));

    /// <summary>The same as one number, below 2^60.</summary>
    public long ToInt64() => ((long)Slot << (OffsetBits + LengthBits)) | ((long)Offset << LengthBits) | (long)Length;
}
