namespace KadOrleans.Storage.Sqlite.Segments;

/// <summary>One segment of the file, as memory knows it.</summary>
/// <param name="slot">Its place in the <see cref="SegmentTable"/>, by which keys refer to it.</param>
/// <param name="number">Its number in the file: the later it was committed, the higher.</param>
internal sealed class Segment(int slot, long number)
{
    public int Slot => slot;

    public long Number => number;

    /// <summary>Length of all its records.</summary>
    public int Bytes { get; private set; }

    /// <summary>Removals in it, which hide puts in older segments.</summary>
    public int Removals { get; private set; }

    /// <summary>Puts in it that are the latest of their keys.</summary>
    public int Live { get; private set; }

    /// <summary>Length of those.</summary>
    public int LiveBytes { get; private set; }

    /// <summary>Live puts that the current commit makes obsolete.</summary>
    public int Dying { get; private set; }

    /// <summary>Length of those.</summary>
    public int DyingBytes { get; private set; }

    /// <summary>Whether the current commit deletes it.</summary>
    public bool IsLeaving { get; set; }

    public Segment? Older { get; set; }

    public Segment? Newer { get; set; }

    /// <summary>Whether a restart needs nothing of it after the current commit.</summary>
    public bool IsDead => Live == Dying && Removals == 0;

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

    public void Die(int length)
    {
        Dying++;
        DyingBytes += length;
    }

    /// <summary>Ends the current commit.</summary>
    /// <param name="happened">Whether it was committed.</param>
    public void Settle(bool happened)
    {
        if (happened)
        {
            Live -= Dying;
            LiveBytes -= DyingBytes;
        }

        Dying = 0;
        DyingBytes = 0;
        IsLeaving = false;
    }
}
