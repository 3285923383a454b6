namespace KadOrleans.Storage.Sqlite;

/// <summary>One segment of the file, as memory knows it.</summary>
/// <param name="slot">Its place in the <see cref="SegmentTable"/>, by which keys refer to it.</param>
/// <param name="number">Its number in the file: the later it was committed, the higher.</param>
internal sealed class Segment(int slot, long number)
{
    public int Slot => slot;

    public long Number => number;

    public int Bytes { get; private set; }

    /// <summary>Removals in it, which hide puts in older segments.</summary>
    public int Removals { get; private set; }

    /// <summary>Puts in it that are the latest of their keys.</summary>
    public int Live { get; private set; }

    public int LiveBytes { get; private set; }

    /// <summary>Live puts that the current commit makes obsolete.</summary>
    public int Obsoleted { get; private set; }

    public int ObsoletedBytes { get; private set; }

    public bool IsLeaving { get; set; }

    public Segment? Older { get; set; }

    public Segment? Newer { get; set; }

    /// <summary>Whether a restart needs nothing of it after the current commit.</summary>
    public bool IsDead => Live == Obsoleted && Removals == 0;

    public void AddPut(int length)
    {
        Bytes += length;
        LiveBytes += length;
        Live++;
    }

    public void AddObsolete(int length) => Bytes += length;

    public void AddRemoval(int length)
    {
        Bytes += length;
        Removals++;
    }

    public void MakeObsolete(int length)
    {
        Obsoleted++;
        ObsoletedBytes += length;
    }

    public void EndCommit(bool committed)
    {
        if (committed)
        {
            Live -= Obsoleted;
            LiveBytes -= ObsoletedBytes;
        }

        Obsoleted = 0;
        ObsoletedBytes = 0;
        IsLeaving = false;
    }
}

/// <summary>Where the record of a key is, in the eight bytes that the index has for it.</summary>
internal readonly record struct RecordPlace(int Slot, int Offset, int Length)
{
    /// <summary>Slots are below this: a terabyte of segments.</summary>
    public const int MaxSlots = 1 << 28;

    private const int OffsetBits = 18;
    private const int LengthBits = 14;

    public static RecordPlace From(long place) => new(
        (int)(place >> (OffsetBits + LengthBits)),
        (int)(place >> LengthBits) & ((1 << OffsetBits) - 1),
        (int)place & ((1 << LengthBits) - 1));

    /// <summary>The same as one number, below 2^60.</summary>
    public long ToInt64() => ((long)Slot << (OffsetBits + LengthBits)) | ((long)Offset << LengthBits) | (long)Length;
}
